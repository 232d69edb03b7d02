// Counts what a page sends over data channels, past any library: RTCDataChannel.prototype.send is wrapped before
// anything that links is loaded. Both contenders pass through it and pay the same for it.

export interface FrameCount {
  readonly frames: number
  readonly bytes: number
  /** Frames that held the mark somewhere in their bytes. */
  readonly marked: number
}

export interface FrameCounter {
  /** So far. */
  count(): FrameCount
  /** From now on frames are searched for these ASCII letters; undefined: no more, which costs nothing. */
  mark(letters: string | undefined): void
}

export function countFrames(): FrameCounter {
  let [frames, bytes, marked] = [0, 0, 0]
  let mark: Uint8Array | undefined
  // oxlint-disable-next-line typescript/unbound-method -- called with the channel as its `this`
  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: unknown) => void
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown): void {
    const view = bytesOf(data)
    frames++
    bytes += view.length
    if (mark !== undefined && holds(view, mark)) marked++
    send.call(this, data)
  }
  return {
    count: () => ({ frames, bytes, marked }),
    mark: (letters) => {
      mark = letters === undefined ? undefined : new TextEncoder().encode(letters)
    },
  }
}

function bytesOf(data: unknown): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (typeof data === 'string') return new TextEncoder().encode(data)
  throw new Error('Neither contender sends blobs.')
}

function holds(bytes: Uint8Array, mark: Uint8Array): boolean {
  const [first] = mark
  for (let at = bytes.indexOf(first!); at >= 0; at = bytes.indexOf(first!, at + 1)) {
    if (mark.every((letter, offset) => bytes[at + offset] === letter)) return true
  }
  return false
}
