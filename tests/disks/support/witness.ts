// What the workers said, and what must follow from it: everything called stored arrives, in order, without a hole;
// nothing called handled comes again; every edit called stored is in the document. Knows nothing of how they died.

export interface WorkerSettings {
  readonly name: string
  /** Counts the processes that ran on one data directory. */
  readonly life: number
  readonly options: {
    readonly mesh: string
    readonly name: string
    readonly dataDir: string
    readonly signaling: readonly string[]
  }
  /** Message n of a life goes to the n-th of these, round and round. */
  readonly addresses: readonly string[]
  readonly writes: boolean
  readonly padBytes: number
  /** Rest of each of the three writers after a message. */
  readonly pauseMs: number
}

/** What message n says, so that a wrong one is known: every seventh is long, and spans blocks of a log. */
export const padOf = (n: number, padBytes: number): string =>
  `${n} `.padEnd(n % 7 === 0 ? padBytes : padBytes / 4, 'skein ')

export const addressOf = (addresses: readonly string[], n: number): string => addresses[n % addresses.length]!

export type WorkerLine =
  | { readonly what: 'joined'; readonly store: string; readonly member: string }
  | { readonly what: 'stored'; readonly id: string; readonly n: number }
  | { readonly what: 'refused'; readonly n: number; readonly code: string }
  | {
      readonly what: 'took'
      readonly id: string
      readonly from: string
      readonly life: number
      readonly n: number
      /** Its text is that of message n. */
      readonly whole: boolean
    }
  /** It is about to call `handled()`: whether that takes hold before it dies, nobody will know. */
  | { readonly what: 'handling'; readonly id: string }
  | { readonly what: 'handled'; readonly id: string }
  | { readonly what: 'docLoaded'; readonly marks: Readonly<Record<string, number>> }
  | { readonly what: 'docStored'; readonly n: number; readonly rewritten: number; readonly merged: number }
  | { readonly what: 'docRefused'; readonly n: number; readonly code: string }
  | {
      readonly what: 'status'
      readonly undelivered: number
      readonly inbox: number
      readonly links: number
      readonly room: readonly string[]
      /** Where it has stopped writing. */
      readonly marks?: Readonly<Record<string, number>>
    }
  /** Asked for by `tell`: of each conversation its messages in their order, `wrong` where one is not what was sent. */
  | { readonly what: 'history'; readonly of: Readonly<Record<string, readonly string[]>> }
  | { readonly what: 'error'; readonly code: string; readonly text: string }
  | { readonly what: 'notJoined'; readonly code: string; readonly text: string }

type StatusLine = Extract<WorkerLine, { what: 'status' }>

/** What is known of one process of a participant. */
class Life {
  /** Ids of the messages reported stored, by number. */
  readonly stored = new Map<number, string>()
  readonly refused = new Set<number>()
  /** Ids under which its messages arrived anywhere, by number. */
  readonly seen = new Map<number, string>()
  docStored = 0
  docTried = 0
  docsRewritten = 0
  docRowsMerged = 0
}

interface Place {
  readonly life: number
  readonly n: number
}

class Participant {
  readonly addresses: readonly string[]
  readonly lives = new Map<number, Life>()
  readonly taken = new Set<string>()
  readonly handling = new Set<string>()
  readonly handled = new Set<string>()
  /** Of each author, the last message that it took for the first time. */
  readonly lastFrom = new Map<string, Place>()
  store: string | undefined
  /** What it last said; undefined until its present process has said something of the kind. */
  status: StatusLine | undefined
  history: Readonly<Record<string, readonly string[]>> | undefined
  notJoined: Extract<WorkerLine, { what: 'notJoined' }> | undefined
  isJoined = false
  /** Messages its present process could not store. */
  refusals = 0

  constructor(addresses: readonly string[]) {
    this.addresses = addresses
  }

  life(number: number): Life {
    const life = this.lives.get(number) ?? new Life()
    this.lives.set(number, life)
    return life
  }
}

export interface Tolerance {
  /** Codes of `error` events that are to be expected. */
  readonly mayReport?: readonly string[]
  /** Disks were damaged: what was handled may come again, edits may be gone until others give them back, and a store
   * may have been begun anew. */
  readonly mayForget?: boolean
}

/** Errors that no death may cause. */
const forbidden = ['record-corrupt', 'store-forked', 'storage-failed', 'storage-full', 'peer-misbehaved']

export class Witness {
  /** Promises that were broken, each as a sentence. */
  readonly broken: string[] = []
  /** Of each message, what was said of it, to be shown where it is missing. */
  readonly #trails = new Map<string, string[]>()
  readonly #participants = new Map<string, Participant>()
  readonly #reported = new Map<string, number>()
  readonly #tolerance: Tolerance

  constructor(tolerance: Tolerance = {}) {
    this.#tolerance = tolerance
  }

  add(name: string, addresses: readonly string[]): void {
    this.#participants.set(name, new Participant(addresses))
  }

  of(name: string): Participant {
    const participant = this.#participants.get(name)
    if (participant === undefined) throw new Error(`nobody is called ${name}`)
    return participant
  }

  /** Its next process. */
  begins(name: string): void {
    const who = this.of(name)
    who.status = undefined
    who.history = undefined
    who.notJoined = undefined
    who.isJoined = false
    who.refusals = 0
  }

  hear(name: string, number: number, line: WorkerLine): void {
    const who = this.of(name)
    const life = who.life(number)
    if ('id' in line) this.#note(line.id, `${line.what} by ${name} ${number}`)
    switch (line.what) {
      case 'joined':
        if (who.store !== undefined && who.store !== line.store && !this.#tolerance.mayForget)
          this.#break(`${name} has another store in life ${number}`)
        who.store = line.store
        who.isJoined = true
        break
      case 'stored':
        life.stored.set(line.n, line.id)
        break
      case 'refused':
        life.refused.add(line.n)
        who.refusals++
        this.#count(`refused ${line.code}`)
        break
      case 'took':
        this.#took(name, who, line)
        break
      case 'handling':
        who.handling.add(line.id)
        break
      case 'handled':
        who.handled.add(line.id)
        break
      case 'docLoaded':
        if (!this.#tolerance.mayForget) this.#checkMarks(name, who, line.marks)
        break
      case 'docStored':
        life.docStored = line.n
        life.docTried = line.n
        life.docsRewritten = line.rewritten
        life.docRowsMerged = line.merged
        break
      case 'docRefused':
        life.docTried = line.n
        this.#count(`document refused ${line.code}`)
        break
      case 'status':
        who.status = line
        break
      case 'history':
        who.history = line.of
        break
      case 'notJoined':
        who.notJoined = line
        this.#error(name, number, line)
        break
      case 'error':
        this.#error(name, number, line)
    }
  }

  #error(name: string, life: number, { code, text }: { code: string; text: string }): void {
    this.#count(code)
    if (forbidden.includes(code) && !this.#tolerance.mayReport?.includes(code))
      this.#break(`${name} reports ${code} in life ${life}: ${text}`)
  }

  #took(name: string, who: Participant, line: Extract<WorkerLine, { what: 'took' }>): void {
    const { id, from, life, n, whole } = line
    const what = `${from}'s message ${n} of life ${life}`
    if (!whole) this.#break(`${what} came to ${name} with another text`)
    if (who.handled.has(id)) {
      this.#count('came again after it was handled')
      if (!this.#tolerance.mayForget) this.#break(`${name} was given ${what} after it had handled it`)
    }
    if (who.taken.has(id)) return
    who.taken.add(id)
    const author = this.of(from)
    const known = author.life(life).seen.get(n) ?? author.life(life).stored.get(n) ?? id
    if (known !== id) this.#break(`${what} came to ${name} as ${id}, and is ${known}`)
    author.life(life).seen.set(n, id)
    if (author.life(life).refused.has(n)) this.#count('refused, and came nevertheless')
    const last = who.lastFrom.get(from) ?? { life: 0, n: 0 }
    if (life < last.life || (life === last.life && n <= last.n))
      this.#break(`${name} was given ${what} after number ${last.n} of life ${last.life}`)
    who.lastFrom.set(from, { life, n })
  }

  /** A document holds every edit of this participant that it was told is stored, and none that it never made. */
  #checkMarks(name: string, who: Participant, marks: Readonly<Record<string, number>>): void {
    for (const [number, { docStored, docTried }] of who.lives) {
      const found = marks[`${name}/${number}`] ?? 0
      if (found < docStored || found > docTried + 1)
        this.#break(`of ${name}'s edits of life ${number} ${docStored} were stored, and ${found} are there`)
    }
  }

  /**
   * Messages that an addressee never came to handle: of those reported stored, and of those before one that arrived.
   * What it began to handle counts: where the kill came before it could say that it was done, it need not come again.
   */
  missing(): string[] {
    return [...this.#participants].flatMap(([author, { addresses, lives }]) =>
      [...lives].flatMap(([number, { stored, refused, seen }]) => {
        const last = Math.max(0, ...seen.keys())
        const due = new Map(stored)
        for (let n = 1; n <= last; n++) {
          if (!refused.has(n) && !due.has(n)) due.set(n, seen.get(n) ?? `hole before ${last}`)
        }
        return [...due].flatMap(([n, id]) =>
          this.#addressees(author, addressOf(addresses, n))
            .filter((name) => !this.of(name).handling.has(id))
            .map(
              (name) =>
                `${author}'s message ${n} of life ${number} (${id}) was not handled by ${name}: ${this.#trails.get(id)?.join(', ')}`,
            ),
        )
      }),
    )
  }

  /** Everybody says that nothing waits, and all have one document with every stored edit in it. */
  isQuiet(): boolean {
    const all = [...this.#participants.values()].map(({ status }) => status)
    const [first] = all
    return all.every(
      (status) =>
        status?.marks !== undefined &&
        status.undelivered === 0 &&
        status.inbox === 0 &&
        sameMarks(status.marks, first?.marks ?? {}),
    )
  }

  /** Once all is quiet: what is in the documents in the end. */
  checkDocuments(): void {
    for (const [name, { status }] of this.#participants) {
      for (const [author, who] of this.#participants) {
        const before = this.broken.length
        this.#checkMarks(author, who, status?.marks ?? {})
        if (this.broken.length > before) this.#break(`… in ${name}'s copy`)
      }
    }
  }

  /** What was said of a message, by whom and in which of its lives. */
  trail(id: string): string {
    return this.#trails.get(id)?.join(', ') ?? 'never heard of'
  }

  counts(): Readonly<Record<string, number>> {
    const all = [...this.#participants.values()]
    const lives = all.flatMap((each) => [...each.lives.values()])
    const sum = (of: (life: Life) => number): number => lives.reduce((total, life) => total + of(life), 0)
    return {
      stored: sum(({ stored }) => stored.size),
      livesThatStored: lives.filter(({ stored }) => stored.size > 0).length,
      handled: all.reduce((total, { handled }) => total + handled.size, 0),
      docEdits: sum(({ docStored }) => docStored),
      docsRewritten: sum(({ docsRewritten }) => docsRewritten),
      docRowsMerged: sum(({ docRowsMerged }) => docRowsMerged),
      ...Object.fromEntries(this.#reported),
    }
  }

  #addressees(author: string, address: string): string[] {
    if (address.startsWith('@')) return [address.slice(1)]
    return [...this.#participants.keys()].filter((name) => name !== author)
  }

  #note(id: string, what: string): void {
    const trail = this.#trails.get(id) ?? []
    this.#trails.set(id, trail)
    trail.push(what)
  }

  #count(what: string): void {
    this.#reported.set(what, (this.#reported.get(what) ?? 0) + 1)
  }

  #break(sentence: string): void {
    this.broken.push(sentence)
  }
}

function sameMarks(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
