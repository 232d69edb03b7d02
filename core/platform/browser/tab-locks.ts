// Signs of life among the tabs of one browser profile: each holds an exclusive Web Lock that bears its peer id and
// session, and the others wait for it in mode `shared`. The browser grants it 10-30 ms after that tab's renderer
// died. Why each session has a name of its own: a frozen sibling may be granted our old lock and keep it until it
// wakes, and we would wait for it to hold ours again.

import { isPeerId, type PeerId } from '../../base/ids.ts'

export interface TabLocks {
  /** Resolves once our lock is held; the returned function lets it go. */
  hold(me: PeerId, session: number): Promise<() => void>
  /** Calls `freed` when the lock of that tab falls free; returns how to stop waiting. */
  watch(peer: PeerId, session: number, freed: () => void): () => void
  /** The tabs that hold their lock now, newest session each. */
  held(): Promise<ReadonlyMap<PeerId, number>>
}

/** @param failed is called where the browser refuses a lock (the page is going); the caller cannot do more. */
export function createTabLocks(mesh: string, locks: LockManager, failed: (error: unknown) => void): TabLocks {
  const prefix = `skein:${mesh}:`
  const name = (peer: PeerId, session: number): string => `${prefix}${peer}:${session}`

  return {
    hold: (me, session) =>
      new Promise((held, refused) => {
        let release = (): void => {}
        const released = new Promise<void>((resolve) => {
          release = resolve
        })
        locks
          .request(name(me, session), () => {
            held(release)
            return released
          })
          .catch(refused)
      }),
    watch: (peer, session, freed) => {
      // Without a signal an abandoned request would be granted one day and hold the lock for nobody.
      const off = new AbortController()
      locks
        .request(name(peer, session), { mode: 'shared', signal: off.signal }, () => {
          if (!off.signal.aborted) freed()
        })
        .catch((error: unknown) => {
          if (!off.signal.aborted) failed(error)
        })
      return () => off.abort()
    },
    held: async () => {
      const tabs = new Map<PeerId, number>()
      for (const lock of (await locks.query()).held ?? []) {
        // `shared`: a watcher that was granted a dead tab's lock and is frozen itself.
        if (lock.mode !== 'exclusive' || lock.name?.startsWith(prefix) !== true) continue
        const [peer, session] = lock.name.slice(prefix.length).split(':')
        if (isPeerId(peer)) tabs.set(peer, Math.max(Number(session), tabs.get(peer) ?? 0))
      }
      return tabs
    },
  }
}
