// What must come true when nothing goes wrong any more. Players ask it to know when to go on, the liveness checker to
// say what did not come about.

import type { MemberId, PeerId } from '../../../../core/base/ids.ts'
import { docRowsPrefix } from '../../../../core/docs/rows.ts'
import type { Entry } from '../history.ts'
import { livesIn, ofType, type EntryOf, type Life } from './violation.ts'

type Observed = Omit<EntryOf<'observed'>, 'atMs'>

/** @returns what is still missing, in words; nothing: all is well. `expected`: how many peers there should be. */
export function unsettled(
  entries: readonly Entry[],
  observed: readonly Observed[],
  expected: number,
): string[] {
  const missing: string[] = []
  if (observed.length < expected) missing.push(`${expected - observed.length} peers are not there`)
  const lives = livesIn(entries)
  const present = observed.flatMap(({ run }) => lives.get(run) ?? [])
  const peers = new Set(present.map(({ peer }) => peer))
  const lost = lostDocs(entries, observed)
  for (const each of observed) {
    const own = [...viewsOf(each, peers), ...queuesOf(each), ...docsOf(each, lives.get(each.run), lost)]
    missing.push(...own.map((what) => `${each.run}: ${what}`))
  }
  missing.push(
    ...leadersOf(observed),
    ...deliveriesOf(entries, observed, present),
    ...equalDocs(entries, observed),
  )
  return missing
}

function* viewsOf({ peers, settled }: Observed, all: ReadonlySet<PeerId>): Iterable<string> {
  const seen = new Set(peers)
  for (const peer of all) if (!seen.has(peer)) yield `does not see ${peer.slice(0, 6)}`
  for (const peer of peers) if (!all.has(peer)) yield `still sees ${peer.slice(0, 6)}`
  if (!settled) yield 'discovery has not settled'
}

function* queuesOf({ figures }: Observed): Iterable<string> {
  if (figures['inbox'] !== 0) yield `${figures['inbox']} in the inbox`
  if (figures['linkBytes'] !== 0) yield `${figures['linkBytes']} bytes wait for links`
}

/** Rows of it were damaged, what hangs on them waits, and who waits for nothing has all there is: what is lost nobody has. */
function lostDocs(entries: readonly Entry[], observed: readonly Observed[]): Set<string> {
  const damaged = ofType(entries, 'diskHarmed').flatMap(({ how, ...harm }) =>
    how === 'rows' ? (harm.keys ?? []) : [],
  )
  const docs = observed.flatMap((each) => each.docs)
  const isLost = (doc: string): boolean =>
    damaged.some((key) => key.startsWith(`${docRowsPrefix}${doc}/`)) &&
    docs.every(({ name, pending, state }) => name !== doc || pending === true || state === 'synced')
  return new Set(docs.map(({ name }) => name).filter(isLost))
}

function* docsOf({ docs }: Observed, life: Life | undefined, lost: ReadonlySet<string>): Iterable<string> {
  for (const { name, state, stored, problem } of docs) {
    if (state === 'syncing' && !lost.has(name)) yield `${name} is syncing`
    if (!stored && life?.volatile !== true) yield `${name} is not stored`
    if (problem !== undefined) yield `${name} has a problem: ${problem}`
  }
}

function leadersOf(observed: readonly Observed[]): string[] {
  const views = new Set(observed.map(({ leader, epoch }) => `${leader?.slice(0, 6)} in epoch ${epoch}`))
  if (views.size > 1) return [`leaders differ: ${[...views].join(', ')}`]
  return observed.some(({ leader }) => leader === undefined) ? ['nobody leads'] : []
}

/** Nothing stored waits any more, except for those who never come back. */
function deliveriesOf(
  entries: readonly Entry[],
  observed: readonly Observed[],
  present: readonly Life[],
): string[] {
  const members = new Set(present.map(({ member }) => member))
  const lacking = new Set<string>()
  for (const { id, addressees } of ofType(entries, 'message')) {
    if (addressees.some((member) => !members.has(member))) lacking.add(id)
  }
  // A message that waited for its name was bound later, and to whom is not said: it may be to one who is no more.
  const gone = new Set<string>()
  for (const { label, member } of livesIn(entries).values()) if (!members.has(member)) gone.add(`@${label}`)
  for (const { id, to } of ofType(entries, 'asked')) if (gone.has(to)) lacking.add(id)
  // Of a message whose entry was damaged before anybody had it nothing is left but that it is owed, until it expires.
  const damaged = new Set(
    ofType(entries, 'diskHarmed').flatMap(({ disk, how }) => (how === 'rows' ? [disk] : [])),
  )
  const mayOwe = new Set(present.flatMap(({ run, disk }) => (damaged.has(disk) ? [run] : [])))
  const borne = new Set(present.map(({ label }) => `@${label}`))
  const nameless = ofType(entries, 'asked').filter(({ to }) => to.startsWith('@') && !borne.has(to)).length
  const missing: string[] = []
  for (const { run, figures } of observed) {
    if (!mayOwe.has(run) && (figures['undelivered'] ?? 0) > lacking.size)
      missing.push(`${run}: ${figures['undelivered']} undelivered`)
    if ((figures['waitingForName'] ?? 0) > nameless)
      missing.push(`${run}: ${figures['waitingForName']} wait for a name`)
  }
  return missing
}

function equalDocs(entries: readonly Entry[], observed: readonly Observed[]): string[] {
  const runs = new Set(observed.map(({ run }) => run))
  const latest = new Map<string, EntryOf<'docHeld'>>()
  for (const held of ofType(entries, 'docHeld')) latest.set(`${held.run} ${held.doc}`, held)
  const open = new Set(observed.flatMap(({ run, docs }) => docs.map(({ name }) => `${run} ${name}`)))
  const contents = new Map<string, Set<string>>()
  for (const [key, { run, doc, held }] of latest) {
    if (!runs.has(run) || !open.has(key)) continue
    contents.set(doc, (contents.get(doc) ?? new Set()).add(held.content))
  }
  return [...contents].flatMap(([doc, { size }]) => (size > 1 ? [`${size} different copies of ${doc}`] : []))
}

/** Members that live at the end. */
export const membersAtEnd = (entries: readonly Entry[]): Set<MemberId> =>
  new Set([...livesIn(entries).values()].filter(({ toMs }) => toMs === Infinity).map(({ member }) => member))
