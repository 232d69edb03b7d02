// Watches what the platform shows of other peers' deaths, past the library and without changing anything for it: when
// the signaling server said that a socket closed, when a watched lock was granted, when a data channel closed. It
// tells how much of a failover was waiting for a witness, and how much was the library's own.

type Act = (lock: Lock | null) => unknown

export function watchEvidence(tell: (kind: 'socket' | 'lock' | 'channel closed') => void): void {
  const NativeSocket = window.WebSocket
  window.WebSocket = class extends NativeSocket {
    constructor(...words: ConstructorParameters<typeof NativeSocket>) {
      super(...words)
      this.addEventListener('message', ({ data }) => {
        if (typeof data === 'string' && data.startsWith('{"type":"closed"')) tell('socket')
      })
    }
  }

  const request = navigator.locks.request.bind(navigator.locks) as (...words: unknown[]) => Promise<unknown>
  navigator.locks.request = ((name: string, ...words: [LockOptions, Act] | [Act]) => {
    const act = words.at(-1) as Act
    const options = words.length > 1 ? (words[0] as LockOptions) : {}
    return request(name, options, (lock: Lock | null) => {
      if (options.mode === 'shared') tell('lock')
      return act(lock)
    })
  }) as typeof navigator.locks.request

  const NativeConnection = window.RTCPeerConnection
  const watchChannel = (channel: RTCDataChannel): void =>
    channel.addEventListener('close', () => tell('channel closed'))
  window.RTCPeerConnection = class extends NativeConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      this.addEventListener('datachannel', ({ channel }) => watchChannel(channel))
    }

    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, options)
      watchChannel(channel)
      return channel
    }
  }
}
