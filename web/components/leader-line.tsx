import type { Session } from '../state.ts'

/** Who leads, and the epoch: the number that rises at every change of leader. */
export function LeaderLine({ session }: { session: Session }) {
  const { peer, epoch } = session.leader.value
  const me = session.me.value
  const settled = session.status.value.settled
  return (
    <p class="leader" data-testid="leader" data-peer-id={peer?.id ?? ''} data-epoch={epoch}>
      {peer ? (
        <>
          <strong class="ellipsis">{peer.id === me.id ? 'You lead' : `${peer.name} leads`}</strong>
          {peer.id !== me.id && peer.member === me.member && <span> in your other tab</span>}
          <span class="note" title="It rises at every change of leader.">
            epoch {epoch}
          </span>
        </>
      ) : (
        <span class="quiet">{settled ? 'Nobody leads just now' : 'Finding out who leads…'}</span>
      )}
    </p>
  )
}
