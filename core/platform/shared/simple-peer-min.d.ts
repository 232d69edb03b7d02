// Types of the one entry of simple-peer that runs in every bundler and in Node as it is, cut down to what we use.

declare module 'simple-peer/simplepeer.min.js' {
  export interface SimplePeerOptions {
    readonly initiator: boolean
    readonly trickle: boolean
    readonly iceCompleteTimeout: number
    /** Never left out: without it simple-peer asks public STUN servers on its own. */
    readonly config: { readonly iceServers: readonly object[] }
    /** The WebRTC implementation. */
    readonly wrtc: object
  }

  export default class SimplePeer {
    constructor(options: SimplePeerOptions)
    /** Bytes handed to the data channel and not yet on the wire. */
    readonly bufferSize: number
    signal(data: object): void
    send(bytes: Uint8Array): void
    destroy(): void
    on(event: 'signal', listener: (data: object) => void): this
    on(event: 'data', listener: (bytes: Uint8Array) => void): this
    on(event: 'error', listener: (error: Error) => void): this
    on(event: 'connect' | 'close', listener: () => void): this
  }
}
