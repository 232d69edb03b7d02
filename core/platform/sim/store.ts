// The Store port over a disk. All transactions of all processes on one disk run one at a time, in call order, and
// take virtual time; the moment a commit is durable and the moment its process hears of it are two events, so that
// a process can die between them. A process frozen inside its transaction may block its siblings until it wakes.

import { MeshError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Commit, CommitResult, Row, Store } from '../../base/ports.ts'
import type { Random } from '../../base/random.ts'
import type { Timeline } from './clock.ts'
import type { DiskInternals } from './disk.ts'
import { between, type Host } from './host.ts'
import type { Trace } from './trace.ts'

/** A transaction that has not begun, or has begun and is not done yet. */
interface Pending {
  readonly host: Host
  /** What it writes; undefined for a read. */
  readonly commit: Commit | undefined
  /** Does it to the disk, and lets the process know in a later event. */
  perform(): void
  reject(error: MeshError): void
  /** Performed, or given up. */
  over: boolean
}

/** The transactions of one disk. */
export interface Transactions {
  readonly disk: DiskInternals
  /** `performed` is called right after it is durable, or was refused, before the process hears of it. */
  commit(host: Host, commit: Commit, performed?: () => void): Promise<CommitResult>
  read<T>(host: Host, what: string, take: () => T, performed?: () => void): Promise<T>
  /** A process died: of its commits that were under way, the seed says how many still happened. */
  drop(host: Host): void
}

interface World {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly random: Random
}

export function createTransactions(disk: DiskInternals, world: World): Transactions {
  const { timeline, trace, random } = world
  let queue: Pending[] = []
  /** The first of the queue sits in its transaction, frozen. */
  let stuck = false

  const add = (pending: Pending): void => {
    queue.push(pending)
    if (queue.length === 1) begin()
    else if (stuck) giveUpLater(pending)
  }

  const begin = (): void => {
    const first = queue[0]
    if (first === undefined) return
    const writes = first.commit !== undefined
    const tookMs = writes ? between(random, 0.3, 2.5) + disk.slowMs : between(random, 0.02, 0.3)
    timeline.at(timeline.now + tookMs, () => complete(first))
  }

  const complete = (pending: Pending): void => {
    if (queue[0] !== pending) return
    if (pending.commit !== undefined && pending.host.frozen && random.integer(2) === 0) {
      stickIn(pending)
      return
    }
    queue.shift()
    perform(pending)
    begin()
  }

  const perform = (pending: Pending): void => {
    pending.over = true
    pending.perform()
  }

  const stickIn = (pending: Pending): void => {
    stuck = true
    trace.add(timeline.now, `disk ${disk.name}`, `is blocked by ${pending.host.name}`)
    for (const other of queue.slice(1)) giveUpLater(other)
    pending.host.onWake(() => {
      if (queue[0] === pending) free()
    })
  }

  const free = (): void => {
    stuck = false
    begin()
  }

  const giveUpLater = (pending: Pending): void => {
    pending.host.after(limits.storageBusyMs, 'waits for a frozen tab', () => {
      if (pending.over || !stuck) return
      pending.over = true
      queue = queue.filter((other) => other !== pending)
      pending.reject(new MeshError('storage-busy', 'Another tab holds the storage; it may be frozen.'))
    })
  }

  return {
    disk,
    commit: (host, commit, performed) =>
      new Promise((resolve, reject) => {
        const perform = (): void => {
          const outcome = attempt(disk, commit, host.name)
          trace.add(timeline.now, `disk ${disk.name}`, `commit of ${host.name} ${outcomeName(outcome)}`)
          // In an event of its own: the queue of transactions must not change while it is worked off.
          if (performed !== undefined) timeline.at(timeline.now, performed)
          host.after(between(random, 0.05, 0.5), 'commit done', () =>
            outcome instanceof MeshError ? reject(outcome) : resolve(outcome),
          )
        }
        add({ host, commit, perform, reject, over: false })
      }),
    read: (host, what, take, performed) =>
      new Promise((resolve, reject) => {
        const perform = (): void => {
          const found = take()
          if (performed !== undefined) timeline.at(timeline.now, performed)
          host.after(between(random, 0.02, 0.3), what, () => resolve(found))
        }
        add({ host, commit: undefined, perform, reject, over: false })
      }),
    drop: (host) => {
      const first = queue[0]
      const foreign = queue.findIndex((pending) => pending.host !== host)
      const underWay = queue
        .slice(0, foreign === -1 ? queue.length : foreign)
        .filter(({ commit }) => commit !== undefined)
      const happened = random.integer(underWay.length + 1)
      for (const pending of underWay.slice(0, happened)) perform(pending)
      disk.crash(host.name, underWay[happened]?.commit)
      queue = queue.filter((pending) => pending.host !== host)
      if (queue[0] !== first) free()
    },
  }
}

/** One process's hold on a disk. */
export function createStore(host: Host, transactions: Transactions, durable: boolean): Store {
  const { disk } = transactions
  const running = new Set<Promise<unknown>>()
  let closed = false
  host.onDeath(() => transactions.drop(host))

  const whileOpen = <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) return Promise.reject(new MeshError('storage-failed', 'The store was closed.'))
    // A dead process hears nothing.
    if (!host.alive) return new Promise(() => undefined)
    const result = work()
    // A failure is the caller's to hear; here only the end counts.
    const settled: Promise<unknown> = result.catch(() => undefined).then(() => running.delete(settled))
    running.add(settled)
    return result
  }

  /** As `whileOpen`, for what a process may be killed before or after. */
  const effect = <T>(
    kind: 'commit' | 'read',
    work: (done: (() => void) | undefined) => Promise<T>,
  ): Promise<T> =>
    whileOpen(
      () =>
        new Promise((resolve, reject) => host.effect(kind, (done) => void work(done).then(resolve, reject))),
    )

  return {
    durable,
    commit: (commit) => effect('commit', (done) => transactions.commit(host, copyOf(commit), done)),
    get: (keys) => {
      const wanted = [...keys]
      const take = (): (Uint8Array | undefined)[] => wanted.map((key) => disk.read(key))
      return effect('read', (done) => transactions.read(host, `get ${wanted.length}`, take, done))
    },
    range: (range): Promise<Row[]> =>
      effect('read', (done) => transactions.read(host, `range ${range.from}`, () => disk.range(range), done)),
    onLoss: (look) => {
      if (!disk.mayLack || !host.alive) return
      look(undefined).then(
        () => disk.looked(),
        () => undefined,
      ) // the next process is told then
    },
    close: async () => {
      closed = true
      await Promise.all(running)
    },
  }
}

function attempt(disk: DiskInternals, commit: Commit, host: string): CommitResult | MeshError {
  if (disk.failing === 'storage-failed') {
    disk.failed(commit, host)
    return new MeshError('storage-failed', 'The disk failed.')
  }
  if (disk.failing === 'storage-full' && (commit.put?.length ?? 0) > 0) {
    return new MeshError('storage-full', 'The disk is full; what was stored stays readable.')
  }
  return disk.apply(commit, host)
}

const outcomeName = (outcome: CommitResult | MeshError): string => {
  if (outcome instanceof MeshError) return outcome.code
  return outcome.ok ? 'ok' : 'refused'
}

/** As a structured clone would: what the caller changes afterwards changes nothing here. */
const copyOf = (commit: Commit): Commit => ({
  expect: (commit.expect ?? []).map(({ key, value }) => ({ key, value: value?.slice() })),
  put: (commit.put ?? []).map(({ key, value }) => ({ key, value: value.slice() })),
  delete: [...(commit.delete ?? [])],
})
