// Epochs never fall: as one peer tells them, and as one store is used, across restarts. One leader acts per epoch and
// leader; a resource never takes a lower token after a higher; a duty acts only under its own claim. (EL2, EL8, EL15)

import { limits } from '../../../../core/base/limits.ts'
import type { Entry } from '../history.ts'
import { livesIn, ofType, type EntryOf, type Violation } from './violation.ts'

const checker = 'epochs'

export const checkEpochs = (entries: readonly Entry[]): Violation[] => [
  ...toldEpochs(entries),
  ...usedEpochs(entries),
  ...tokens(entries),
  ...duties(entries),
]

/** What `epoch` says to the program of one peer. */
function* toldEpochs(entries: readonly Entry[]): Iterable<Violation> {
  const highest = new Map<string, number>()
  for (const { run, epoch, atMs } of ofType(entries, 'leader')) {
    const before = highest.get(run) ?? 0
    if (epoch < before) yield { checker, atMs, text: `${run} tells epoch ${epoch} after ${before}` }
    highest.set(run, Math.max(before, epoch))
  }
}

/**
 * An epoch was durable before it was used: whoever leads from the same store later uses none below it. A duty may wait for those
 * before it (EL8), and begin in the epoch that it claimed when a tab that cannot hear of it has used a higher one.
 */
function* usedEpochs(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const used = new Map<string, { readonly epoch: number; readonly atMs: number }>()
  for (const entry of entries) {
    if (entry.type === 'diskHarmed')
      for (const key of [...used.keys()]) if (key.startsWith(`${entry.disk} `)) used.delete(key)
    if (entry.type !== 'dutyBegins') continue
    const { run, role, epoch, atMs } = entry
    const key = `${lives.get(run)!.disk} ${role}`
    const before = used.get(key)
    if (before === undefined || epoch > before.epoch) used.set(key, { epoch, atMs })
    else if (epoch < before.epoch && atMs > before.atMs + limits.handoverTimeoutMs)
      yield {
        checker,
        atMs,
        text: `${run} leads '${role}' in epoch ${epoch}; its store was used for ${before.epoch}`,
      }
  }
}

type Token = EntryOf<'token'>

const isLower = (a: Token, b: Token): boolean =>
  a.epoch !== b.epoch ? a.epoch < b.epoch : a.leader !== b.leader ? a.leader < b.leader : a.n < b.n

function* tokens(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const admitted = new Map<string, Token>()
  const seen = new Map<string, string>()
  for (const token of ofType(entries, 'token')) {
    const { run, role, epoch, leader, n, atMs } = token
    const text = `(${epoch}, ${leader.slice(0, 6)}, ${n}) of '${role}'`
    if (lives.get(run)!.peer !== leader)
      yield { checker: 'tokens', atMs, text: `${run} acts with another's token ${text}` }
    const key = `${role} ${epoch} ${leader} ${n}`
    if (seen.has(key)) yield { checker: 'tokens', atMs, text: `token ${text} was given out twice` }
    seen.set(key, run)
    if (!token.admitted) continue
    const before = admitted.get(role)
    if (before !== undefined && isLower(token, before))
      yield { checker: 'tokens', atMs, text: `token ${text} passed after a higher one` }
    admitted.set(role, token)
  }
}

/** One duty of a role runs at a time in one peer, in rising epochs. */
function* duties(entries: readonly Entry[]): Iterable<Violation> {
  const running = new Map<string, number>()
  const last = new Map<string, number>()
  for (const entry of entries) {
    if (entry.type === 'dutyEnds') running.delete(`${entry.run} ${entry.role}`)
    if (entry.type !== 'dutyBegins') continue
    const { run, role, epoch, atMs } = entry
    const key = `${run} ${role}`
    if (running.has(key))
      yield {
        checker: 'duties',
        atMs,
        text: `${run} begins '${role}' before it ended in epoch ${running.get(key)}`,
      }
    if (epoch < (last.get(key) ?? 0))
      yield { checker: 'duties', atMs, text: `${run} begins '${role}' in a lower epoch, ${epoch}` }
    running.set(key, epoch)
    last.set(key, epoch)
  }
}
