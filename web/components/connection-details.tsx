// The figures behind the status line, for those who want them.

import type { MeshStatus } from 'skein'
import type { Session } from '../state.ts'
import { count } from '../words.ts'

export function ConnectionDetails({ session }: { session: Session }) {
  const status = session.status.value
  const problem = session.signalingProblem.value
  const { undelivered, waitingForName } = status.queues
  return (
    <details class="connection">
      <summary>Connection and storage</summary>
      <dl>
        {status.signaling.map((server) => (
          <div key={server.url}>
            <dt class="ellipsis">{server.url}</dt>
            <dd>{{ open: 'connected', connecting: 'connecting…', closed: 'out of reach' }[server.state]}</dd>
          </div>
        ))}
        {problem !== undefined && status.signaling.some(({ state }) => state !== 'open') && (
          <div>
            <dt>Last problem with a server</dt>
            <dd>{problem}</dd>
          </div>
        )}
        <div>
          <dt>Your messages on their way</dt>
          <dd>{undelivered === 0 ? 'none' : count(undelivered, 'message')}</dd>
        </div>
        {waitingForName > 0 && (
          <div>
            <dt>Waiting for a name</dt>
            <dd>{count(waitingForName, 'message')}</dd>
          </div>
        )}
        <div>
          <dt>Storage</dt>
          <dd>{storageWords(status.storage)}</dd>
        </div>
      </dl>
    </details>
  )
}

function storageWords(storage: MeshStatus['storage']): string {
  if (storage.full) return 'full; what is stored stays readable'
  if (storage.kind === 'memory') return 'in memory only, gone with this tab'
  if (storage.persistent === true) return 'kept by this browser'
  return 'kept, but the browser may clear it when it runs out of room or is not used for long'
}
