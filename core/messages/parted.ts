// Somebody keeps an end of a feed we once wrote that is not ours: it took that one while there were two, and keeps it,
// since only the author may give one up. What either end carries is written into our new feed, so that whoever has one
// of them gets the messages of the other. If theirs is to prevail, it is taken over first: old-feeds.ts.

import { compareText, equalBytes, toHex, type PeerId, type StoreId } from '../base/ids.ts'
import type { Row } from '../base/ports.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { FeedHead } from '../wire/messages.ts'
import type { Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import { writtenBefore } from './outbox.ts'
import { idRanges, keys, numberRange, readEntry, readPlace } from './rows.ts'

/** How far back two ends are first compared; eight times as far each time that was not enough. chosen. */
const firstStep = 8
/** Ends remembered; beyond, all are looked at again. chosen. */
const maxKnown = 1024

interface Survey {
  readonly from: PeerId
  /** The end that peer has, as a key. */
  readonly end: string
  readonly last: number
  step: number
  /** Its answer is being compared. */
  isReading: boolean
  /** The last number that both ends share, and how far theirs was read; undefined until that is found. */
  common: number | undefined
  reached: number
}

export class Parted {
  readonly #parts: Parts
  /** Ends that were looked at: they are ours, or what they carry is in our new feed. */
  readonly #known = new Set<string>()
  readonly #surveys = new Map<StoreId, Survey>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A peer holds one of our old feeds up to there. */
  heard(from: PeerId, { feed: id, number, hash }: FeedHead): void {
    const { desk, feeds, outbox, oldFeeds, log } = this.#parts
    const feed = feeds.get(id)
    const head = feed?.head
    if (!head || head.member !== desk.me.member || id === outbox.storeId || !outbox.ready) return
    if (feed.busy || oldFeeds.isRealigning(id) || number <= head.retired || number > feed.visible.number)
      return
    const end = `${id} ${number} ${toHex(hash)}`
    if (this.#known.has(end)) return
    const compare = (ours: Uint8Array | undefined): void => {
      if (!ours) return
      if (equalBytes(ours, hash)) return this.#know(end)
      const prevails = number === feed.head?.number && compareText(toHex(hash), toHex(ours)) > 0
      if (!prevails) this.#begin(feed, { from, end, last: number })
    }
    if (number === head.number) compare(head.hash)
    else log.readOne(id, number, (stored) => compare(stored?.hash))
  }

  /** What was to be written again could not be: all ends are looked at anew when they are heard of. */
  notWritten(): void {
    this.#known.clear()
  }

  #know(end: string): void {
    if (this.#known.size >= maxKnown) this.#known.clear()
    this.#known.add(end)
  }

  #begin(feed: Feed, { from, end, last }: Pick<Survey, 'from' | 'end' | 'last'>): void {
    const survey = this.#surveys.get(feed.id)
    // Several may say at once that they have it: one is asked. It may have gone, or not have been asked after all.
    if (survey && (survey.isReading || this.#parts.sync.asks(survey.from, feed.id))) return
    if (survey?.end !== end || survey.from !== from)
      this.#surveys.set(feed.id, {
        from,
        end,
        last,
        step: firstStep,
        isReading: false,
        common: undefined,
        reached: 0,
      })
    this.#ask(feed)
  }

  #ask(feed: Feed): void {
    const survey = this.#surveys.get(feed.id)
    if (!survey || !feed.head) return
    const back = Math.max(feed.head.retired, survey.last - survey.step)
    this.#parts.sync.probe(survey.from, feed.id, survey.common === undefined ? back : survey.reached)
  }

  /** True where an answer was for us. */
  answered(from: PeerId, id: StoreId, entries: readonly VerifiedEntry[]): boolean {
    const { desk, feeds } = this.#parts
    const survey = this.#surveys.get(id)
    const feed = feeds.get(id)
    if (survey?.from !== from || !feed?.head) return false
    const own = entries.filter(({ author }) => author === desk.me.member)
    const [first] = own
    if (!first) return true
    const last = own.at(-1)!.header.number
    const ranges = [numberRange('feed', id, first.header.number - 1, last), ...idRanges(own)]
    const compare = (rows: readonly Row[]): void => {
      survey.isReading = false
      if (this.#surveys.get(id) !== survey) return
      // As far as theirs was read both are one: they part after that.
      if (survey.common === survey.reached) survey.common = undefined
      survey.common ??= this.#common(feed, own, rows)
      if (survey.common === undefined) return this.#further(feed, survey)
      survey.reached = last
      this.#rescue(own, survey.common, rows)
      if (last < survey.last) return this.#ask(feed)
      this.#surveys.delete(id)
      this.#know(survey.end)
      desk.count('partedEnds')
      this.#parts.oldFeeds.strand(feed, survey.common + 1)
    }
    survey.isReading = true
    desk.read(ranges, compare, () => void (survey.isReading = false))
    return true
  }

  /** Up to where the two ends are one; undefined: they part before what was asked for. */
  #common(feed: Feed, theirs: readonly VerifiedEntry[], rows: readonly Row[]): number | undefined {
    const ours = new Map(
      rows.flatMap(({ key, value }) => [[readPlace(key)?.number, readEntry(value)?.hash] as const]),
    )
    const { number, previous } = theirs[0]!.header
    const before = ours.get(number - 1)
    const joins = number - 1 <= (feed.head?.retired ?? 0) || (before && equalBytes(before, previous))
    if (!joins) return undefined
    const parts = theirs.find(({ header, hash }) => !sameHash(ours.get(header.number), hash))
    return (parts?.header.number ?? theirs.at(-1)!.header.number + 1) - 1
  }

  #further(feed: Feed, survey: Survey): void {
    if (survey.step < survey.last) {
      survey.step *= 8
      return this.#ask(feed)
    }
    // All the way back nothing of ours is left to compare with.
    this.#surveys.delete(feed.id)
    this.#know(survey.end)
  }

  /** Messages of theirs that we know nothing of: a backup was put back here, or a disk lost them. */
  #rescue(theirs: readonly VerifiedEntry[], common: number, rows: readonly Row[]): void {
    const { desk, outbox } = this.#parts
    const known = new Set(rows.map(({ key }) => key))
    for (const { author, header, entry } of theirs) {
      const { content, number } = header
      if (number <= common || content.type !== 'message' || entry.body === undefined) continue
      if (content.expiresAt <= desk.now.wallMs || known.has(keys.id(author, content.id))) continue
      const { addressees, addresseeCount } = content
      outbox.add({ ...writtenBefore(content, entry.body), frozen: { addressees, addresseeCount } })
    }
  }
}

const sameHash = (ours: Uint8Array | undefined, theirs: Uint8Array): boolean =>
  ours !== undefined && equalBytes(ours, theirs)
