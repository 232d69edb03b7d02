// What tabs and agents have in common for a test, and the questions that are asked of several at once.

import { expect } from '@playwright/test'
import type { DocReport, Report } from './probe.ts'

/** A generous limit for conditions: a slow machine takes long, a broken one for ever. */
export const patience = { timeout: 60_000, intervals: [50, 100, 200] }

export interface Participant {
  readonly name: string
  report(): Promise<Report>
  lead(): Promise<void>
  consume(): Promise<void>
  writeDoc(doc: string, lines: readonly string[]): Promise<void>
  readDoc(doc: string): Promise<DocReport>
  untilDocStored(doc: string): Promise<void>
}

export const reports = (participants: readonly Participant[]): Promise<Report[]> =>
  Promise.all(participants.map((participant) => participant.report()))

export interface Agreement {
  readonly leader: string
  readonly epoch: number
}

/** Resolves when all list exactly each other and name one leader, one of them, in one epoch above `above`. */
export async function untilAgree(participants: readonly Participant[], above = 0): Promise<Agreement> {
  let agreement: Agreement | undefined
  await expect(async () => {
    const all = await reports(participants)
    const ids = all.map(({ me }) => me).toSorted()
    for (const report of all) {
      expect(report.peers, 'everybody lists everybody').toEqual(ids)
      expect(ids, 'the leader is one of them').toContain(report.leader)
      expect(report.leader).toBe(all[0]!.leader)
      expect(report.epoch).toBe(all[0]!.epoch)
      expect(report.epoch).toBeGreaterThan(above)
    }
    agreement = { leader: all[0]!.leader!, epoch: all[0]!.epoch }
  }).toPass(patience)
  return agreement!
}

/**
 * Resolves when each has a link to each other one. A mesh is of use before that, but hangs on few links for its first second or
 * two: whoever takes both the server and one of its peers away by then may part it.
 */
export async function untilAllLinked(participants: readonly Participant[]): Promise<void> {
  await expect(async () => {
    const all = await reports(participants)
    for (const { me, linked } of all) {
      const others = all.map((other) => other.me).filter((other) => other !== me)
      expect(linked.map(({ peer }) => peer)).toEqual(expect.arrayContaining(others))
    }
  }).toPass(patience)
}

/** Resolves when all have the same text with all of these in it, and each calls itself synced with all others. */
export async function untilSameDoc(
  participants: readonly Participant[],
  doc: string,
  lines: readonly string[],
): Promise<string> {
  let text = ''
  await expect(async () => {
    const all = await Promise.all(participants.map((one) => one.readDoc(doc)))
    for (const one of all) {
      expect(one.text === all[0]!.text, 'all have the same text').toBe(true)
      expect(lines.filter((line) => !one.text.includes(line))).toEqual([])
      expect(one.state).toBe('synced')
      expect(one.basedOn).toHaveLength(participants.length - 1)
    }
    text = all[0]!.text
  }).toPass(patience)
  return text
}

/**
 * Resolves when all agree that this one leads. On a machine with other work a peer may have run late, and have given its
 * rank away for a while; one that stood still comes in last and leads no more: then it is enough that they agree.
 */
export async function untilLedBy(
  leader: Participant,
  participants: readonly Participant[],
  aboveEpoch?: number,
): Promise<Agreement> {
  let agreement: Agreement | undefined
  await expect(async () => {
    agreement = await untilAgree(participants, aboveEpoch)
    const { me, counters } = await leader.report()
    if (counters['stalls'] === undefined) expect(agreement.leader).toBe(me)
  }).toPass(patience)
  return agreement!
}

/** Resolves when exactly one duty runs among them, and it is the leader's. */
export async function untilOneDuty(participants: readonly Participant[]): Promise<void> {
  await expect(async () => {
    const all = await reports(participants)
    const busy = all.filter(({ duties }) => duties > 0)
    expect(busy.map(({ me, duties }) => ({ me, duties }))).toEqual([{ me: all[0]!.leader, duties: 1 }])
  }).toPass(patience)
}

/** None of these, all alive, was declared gone by another of them. */
export async function expectNobodyDeclaredGone(participants: readonly Participant[]): Promise<void> {
  const all = await reports(participants)
  const living = new Set(all.map(({ me }) => me))
  const wrong = all.flatMap(({ me, left }) =>
    left.filter(({ peer }) => living.has(peer)).map((departure) => ({ by: me, ...departure })),
  )
  expect(wrong, 'nobody alive is declared gone').toEqual([])
}

/** In no epoch has more than one peer acted, and each one's tokens rise. */
export function expectFencedActs(all: readonly Report[]): void {
  const leaderOfEpoch = new Map<number, string>()
  for (const { acts } of all) {
    let last = { epoch: 0, n: 0 }
    for (const { token } of acts) {
      if (!token) continue
      const leader = leaderOfEpoch.get(token.epoch) ?? token.leader
      leaderOfEpoch.set(token.epoch, leader)
      expect(token.leader, `one leader in epoch ${token.epoch}`).toBe(leader)
      expect(token.epoch > last.epoch || (token.epoch === last.epoch && token.n > last.n)).toBe(true)
      last = token
    }
  }
}
