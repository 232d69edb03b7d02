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

/** The standard's constructor, wherever it comes from. */
export type ConnectionClass = new (configuration: { iceServers: [] }) => RTCPeerConnection

const now = (): number => performance.timeOrigin + performance.now()

export function createRawEnd(getClass: () => Promise<ConnectionClass>): RawEnd {
  let connection: RTCPeerConnection | undefined
  let channel: Promise<RTCDataChannel> | undefined
  let received = 0
  let look = (): void => undefined

  const connect = async (): Promise<RTCPeerConnection> => {
    const Connection = await getClass()
    connection = new Connection({ iceServers: [] })
    return connection
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
      await made.setLocalDescription(await made.createOffer())
      return gathered(made)
    },
    async answer(description) {
      const made = await connect()
      channel = new Promise((resolve) => {
        made.addEventListener('datachannel', (event) => resolve(open(take(event.channel))))
      })
      await made.setRemoteDescription(JSON.parse(description) as RTCSessionDescriptionInit)
      await made.setLocalDescription(await made.createAnswer())
      return gathered(made)
    },
    accept: async (description) =>
      connection!.setRemoteDescription(JSON.parse(description) as RTCSessionDescriptionInit),
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

/** All candidates within the description: nothing has to be carried later. */
async function gathered(connection: RTCPeerConnection): Promise<string> {
  while (connection.iceGatheringState !== 'complete') {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const { type, sdp } = connection.localDescription!
  return JSON.stringify({ type, sdp })
}
