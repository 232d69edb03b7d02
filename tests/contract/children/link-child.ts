// The far end of a link in a process of its own, to be killed: answers dials and sends every frame back. With `leave`
// it links two connectors of its own, closes them, and is expected to exit by itself; with `leave-dialling` and
// `leave-failed` nobody answers what it dials.

import { createNodeClock } from '../../../core/platform/node/clock.ts'
import { createNodeConnector, loadNodeWebRtc } from '../../../core/platform/node/webrtc.ts'
import { createSimplePeerConnector } from '../../../core/platform/shared/simple-peer-link.ts'
import { far, near } from '../link-contract.ts'

const clock = createNodeClock()

async function answer(): Promise<void> {
  const connector = await createNodeConnector({ clock })
  connector.events = {
    signal: (_remote, connection, data) => process.send?.({ connection, data }),
    linked: (link) => {
      link.events = { frame: (bytes) => link.send(bytes), drained: () => {}, down: () => {} }
    },
    failed: (_remote, _connection, reason) => {
      throw new Error(reason)
    },
  }
  process.on('message', ({ connection, data }: { connection: string; data: string }) => {
    connector.signal(near, connection, data)
  })
  process.send?.('ready')
}

async function leave(): Promise<void> {
  const [alice, bob] = [await createNodeConnector({ clock }), await createNodeConnector({ clock })]
  let linked = 0
  const close = (): void => {
    if (++linked < 2) return
    alice.close()
    bob.close()
    process.disconnect()
  }
  const failed = (): void => {
    throw new Error('no link')
  }
  alice.events = {
    signal: (_to, id, data) => setImmediate(() => bob.signal(near, id, data)),
    linked: close,
    failed,
  }
  bob.events = {
    signal: (_to, id, data) => setImmediate(() => alice.signal(far, id, data)),
    linked: close,
    failed,
  }
  alice.dial(far, 'b'.repeat(32))
}

async function leaveUnanswered(when: 'signal' | 'failed'): Promise<void> {
  const connector = createSimplePeerConnector({ clock, webrtc: await loadNodeWebRtc(), dialTimeoutMs: 500 })
  const close = (): void => {
    connector.close()
    if (process.connected) process.disconnect()
  }
  connector.events = {
    signal: () => when === 'signal' && setImmediate(close),
    linked: () => undefined,
    failed: close,
  }
  connector.dial(far, 'c'.repeat(32))
}

const [, , asked] = process.argv
if (asked === 'leave') await leave()
else if (asked === 'leave-dialling') await leaveUnanswered('signal')
else if (asked === 'leave-failed') await leaveUnanswered('failed')
else await answer()
