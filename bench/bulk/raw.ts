// A bare RTCDataChannel between the same two programs, for comparison: one end of it, in a page or in an agent. The
// benchmark carries the two descriptions; what is sent is nothing but bytes, kept coming by `bufferedAmount`.

export interface RawEnd {
  /** @returns a description for the far end, candidates included */
  offer(): Promise<string>
  answer(description: string): Promise<string>
  accept(description: string): Promise<void>
  /** Waits until the channel is open at this end. */
  opened(): Promise<void>
  /** Resolves when that many bytes came. @returns when, as performance.timeOrigin + performance.now() */
  receive(bytes: number): Promise<number>
  /** @returns when it began */
  send(bytes: number, way: RawWay): Promise<number>
  close(): void
}

export interface RawWay {
  readonly chunkBytes: number
  /** No more than this waits in the channel; it is filled again from half of it. */
  readonly maxBufferedBytes: number
}

interface Description extends RTCSessionDescriptionInit {
  readonly candidates: readonly RTCIceCandidateInit[]
}

/** The standard's constructor, wherever it comes from. */
export type ConnectionClass = new (configuration: { iceServers: [] }) => RTCPeerConnection

const now = (): number => performance.timeOrigin + performance.now()

export function createRawEnd(getClass: () => Promise<ConnectionClass>): RawEnd {
  let connection: RTCPeerConnection | undefined
  let channel: Promise<RTCDataChannel> | undefined
  const candidates: RTCIceCandidateInit[] = []
  let received = 0
  let look = (): void => undefined

  const connect = async (): Promise<RTCPeerConnection> => {
    const Connection = await getClass()
    connection = new Connection({ iceServers: [] })
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate !== null && candidate.candidate !== '') candidates.push(candidate.toJSON())
    })
    return connection
  }
  /** Sets it and waits for its candidates. They travel beside it: Node's implementation takes none before its own. */
  const describe = async (own: RTCSessionDescriptionInit): Promise<string> => {
    await connection!.setLocalDescription(own)
    while (connection!.iceGatheringState !== 'complete' || candidates.length === 0) {
      if (connection!.connectionState === 'closed')
        throw new Error('The raw connection closed as it was made.')
      await pause(20)
    }
    return JSON.stringify({ ...plain(own), candidates } satisfies Description)
  }
  const addCandidates = async (description: Description): Promise<void> => {
    for (const candidate of description.candidates) await connection!.addIceCandidate(candidate)
  }
  const take = (opened: RTCDataChannel): RTCDataChannel => {
    opened.binaryType = 'arraybuffer'
    opened.addEventListener('message', ({ data }) => {
      received += (data as ArrayBuffer).byteLength
      look()
    })
    return opened
  }

  return {
    async offer() {
      const made = await connect()
      channel = open(take(made.createDataChannel('raw')))
      return describe(plain(await made.createOffer()))
    },
    async answer(offered) {
      const made = await connect()
      channel = new Promise((resolve) => {
        made.addEventListener('datachannel', (event) => resolve(open(take(event.channel))))
      })
      const description = JSON.parse(offered) as Description
      await made.setRemoteDescription(plain(description))
      const answer = await describe(plain(await made.createAnswer()))
      await addCandidates(description)
      return answer
    },
    async accept(answered) {
      const description = JSON.parse(answered) as Description
      await connection!.setRemoteDescription(plain(description))
      await addCandidates(description)
    },
    opened: async () => void (await channel),
    receive(bytes) {
      return new Promise((resolve) => {
        look = () => {
          if (received < bytes) return
          received -= bytes
          look = () => undefined
          resolve(now())
        }
        look()
      })
    },
    async send(bytes, { chunkBytes, maxBufferedBytes }) {
      const opened = await channel!
      opened.bufferedAmountLowThreshold = maxBufferedBytes / 2
      const chunk = new Uint8Array(chunkBytes).fill(7)
      const beganMs = now()
      for (let sent = 0; sent < bytes; sent += chunkBytes) {
        if (opened.bufferedAmount + chunkBytes > maxBufferedBytes) await drained(opened)
        opened.send(sent + chunkBytes > bytes ? chunk.subarray(0, bytes - sent) : chunk)
      }
      return beganMs
    },
    close: () => connection?.close(),
  }
}

const drained = (channel: RTCDataChannel): Promise<void> =>
  new Promise((resolve) => channel.addEventListener('bufferedamountlow', () => resolve(), { once: true }))

const open = (channel: RTCDataChannel): Promise<RTCDataChannel> =>
  new Promise((resolve) => {
    if (channel.readyState === 'open') resolve(channel)
    else channel.addEventListener('open', () => resolve(channel), { once: true })
  })

const plain = ({ type, sdp }: RTCSessionDescriptionInit): RTCSessionDescriptionInit => ({
  type,
  ...(sdp === undefined ? {} : { sdp }),
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
