// One death of a leader, measured: from the instant before the act until the last survivor names the new leader.

import type { Flock } from '../support/flock.ts'
import type { Told } from '../support/news.ts'
import { leadersSince, type Participant } from '../support/participant.ts'
import type { Death } from './deaths.ts'

export interface FailoverRun {
  /** Until ALL survivors named the same new leader in a higher epoch. */
  readonly failoverMs: number
  /** Until the first survivor took the old leader for gone. */
  readonly goneMs: number
  /** Until the platform showed a survivor's page that something had happened; undefined if it did not before that. */
  readonly evidenceMs: number | undefined
  /** What made the first survivor suspect the leader. */
  readonly witness: string
  /** Leaders that some survivor named in between. */
  readonly detours: number
  /** What every survivor told from the act on. */
  readonly trace: readonly {
    readonly who: string
    readonly news: readonly (Told & { readonly afterMs: number })[]
  }[]
}

export interface Succession {
  readonly run: FailoverRun
  readonly victim: Participant
  /** The victim lives again, as the same peer. */
  readonly isBack: boolean
}

export async function runOnce(flock: Flock, death: Death): Promise<Succession> {
  const before = await flock.settled()
  // Not in step with anybody's heartbeat, and long enough for what follows a join to be over.
  await pause(700 + 600 * Math.random())
  const victim = flock.leader()
  const survivors = [...flock.members].filter((member) => member !== victim)
  const counted = new Map(survivors.map((survivor) => [survivor, suspicionsOf(survivor)]))
  const blow = await death.prepare(victim)
  flock.excuse(victim)
  flock.note(`${victim.name}: ${death.label}`)
  const struckAtMs = Date.now()
  const struck = blow.strike()
  await flock.until(
    () => (flock.agreement(survivors)?.epoch ?? 0) > before.epoch,
    `the survivors agree on a new leader (${death.label})`,
  )
  const { leader, epoch } = flock.agreement(survivors)!
  await struck
  flock.note(`${victim.name} was woken or buried`)
  const isBack = await blow.after()
  if (!isBack) flock.drop(victim)

  const named = survivors.map((survivor) => {
    const changes = leadersSince(survivor, struckAtMs)
    const atMs =
      changes.find((change) => change.leader === leader && change.epoch === epoch)?.atMs ?? Number.NaN
    return { survivor, changes, afterMs: atMs - struckAtMs }
  })
  const told = survivors.flatMap(({ news }) => news.filter(({ atMs }) => atMs >= struckAtMs))
  const earliest = (type: Told['type']): number =>
    Math.min(...told.filter((one) => one.type === type).map(({ atMs }) => atMs - struckAtMs))
  const [goneMs, evidenceMs] = [earliest('left'), earliest('evidence')]
  const run: FailoverRun = {
    failoverMs: Math.max(...named.map(({ afterMs }) => afterMs)),
    goneMs,
    evidenceMs: evidenceMs <= goneMs ? evidenceMs : undefined,
    witness: witnessOf(survivors, counted, struckAtMs),
    detours: named
      .flatMap(({ changes }) => changes)
      .filter((change) => change.leader !== leader && change.leader !== undefined).length,
    trace: survivors.map(({ name, news }) => ({
      who: name,
      news: news
        .filter(({ atMs }) => atMs >= struckAtMs)
        .map((one) => ({ ...one, afterMs: one.atMs - struckAtMs })),
    })),
  }
  return { run, victim, isBack }
}

type Suspicions = Readonly<Record<string, number>>

const suspicionsOf = (survivor: Participant): Suspicions => survivor.state?.suspicions ?? {}

/**
 * A goodbye needs no other witness. Otherwise what the library counted between the last two changes of leader; a
 * neighbour's word counts only where nobody had more.
 */
function witnessOf(
  survivors: readonly Participant[],
  counted: ReadonlyMap<Participant, Suspicions>,
  sinceMs: number,
): string {
  const left = survivors.flatMap(({ news }) =>
    news.filter((one) => one.type === 'left' && one.atMs >= sinceMs && one.reason === 'left'),
  )
  if (left.length > 0) return 'its goodbye'
  const kinds = survivors.flatMap((survivor) => {
    const { suspicions = {} } = leadersSince(survivor, sinceMs)[0] ?? {}
    const before = counted.get(survivor) ?? {}
    return Object.keys(suspicions).filter((name) => suspicions[name]! > (before[name] ?? 0))
  })
  const names = [...new Set(kinds.map((name) => witnessNames[name]).filter((name) => name !== undefined))]
  const firstHand = names.filter((name) => name !== 'word')
  return (firstHand.length > 0 ? firstHand : names).toSorted().join(' + ') || 'unknown'
}

const witnessNames: Readonly<Record<string, string>> = {
  suspicionsByLock: 'sibling tab',
  suspicionsBySocket: 'socket',
  suspicionsByLinkDown: 'link closed',
  suspicionsBySilence: 'silence',
  suspicionsByWord: 'word',
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
