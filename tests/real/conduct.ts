// What a real peer can be told to do, the same code in a page and in an agent. What it does and sees is recorded as it is
// for simulated peers, so that one set of checkers judges both, and told at once: nothing is kept here, because a soak
// test watches how the memory of this process grows.

import { type Address, joinMesh, type Mesh, type MeshOptions } from 'skein'
import { hash } from '../sim/harness/document-content.ts'
import type { Entry, Happening } from '../sim/harness/history.ts'
import { Recorder } from '../sim/harness/recorder.ts'

/** Changes that come without an event are looked for this often. chosen: nothing waits for them. */
const lookIntervalMs = 500

/** One life of one process. */
export interface Life {
  /** `alice 2` is the second of the process `alice`. */
  readonly run: string
  readonly name: string
  /** What it keeps its data on; tabs of one browser share it. */
  readonly disk: string
}

/** How it stands, for whoever waits for something. */
export interface Standing {
  readonly me: string
  readonly peers: readonly string[]
  readonly leader: string | undefined
  readonly epoch: number
  readonly settled: boolean
  /** Peers to which a link stands. */
  readonly linked: readonly string[]
  readonly signaling: readonly string[]
  readonly undelivered: number
  readonly counters: Readonly<Record<string, number>>
}

export interface DocStanding {
  /** Of its text: two are the same where these are. */
  readonly length: number
  readonly hash: number
  readonly state: string
  /** Peers. */
  readonly basedOn: number
}

/** Every answer is plain data; every rejection an Error. */
export interface Conduct {
  join(life: Life, options: MeshOptions): Promise<void>
  enterRoom(room: string): Promise<void>
  /** Sends them in order, each once the one before is stored. @returns their ids */
  send(to: string, bodies: readonly string[]): Promise<string[]>
  /** Takes what comes to the inbox. */
  consume(): void
  /** Stands for leader; while it leads, it acts each time that it looks. */
  lead(): void
  openDoc(doc: string): Promise<void>
  /** Appends to the document's text. Where that makes it longer than `atMost`, the oldest half is deleted. */
  writeDoc(doc: string, text: string, atMost?: number): void
  readDoc(doc: string): DocStanding
  standing(): Standing
  /** Records how everything stands, documents included, and says so. */
  observe(): Omit<Extract<Entry, { type: 'observed' }>, 'atMs'>
  leave(): Promise<void>
}

/** @param tell hears of everything the moment it happens */
export function createConduct(tell: (happening: Happening) => void): Conduct {
  let recorder: Recorder | undefined
  let lastNumber = 0
  const storing = new Map<string, { resolve(): void; reject(problem: Error): void }>()

  const add = (happening: Happening): void => {
    tell(happening)
    if (happening.type === 'stored') storing.get(happening.id)?.resolve()
    if (happening.type === 'rejected') storing.get(happening.id)?.reject(new Error(`send: ${happening.code}`))
  }
  const joined = (): Recorder => {
    if (!recorder) throw new Error('join first')
    return recorder
  }
  const mesh = (): Mesh => joined().mesh
  const textOf = (doc: string) => {
    const handle = joined().doc(doc)
    if (!handle) throw new Error(`open ${doc} first`)
    return { handle, text: handle.doc.getText('text') }
  }

  return {
    async join({ run, name, disk }, options) {
      const volatile = options.store === 'memory'
      // Whoever is dead says nothing.
      const alive = (): boolean => true
      // Whether a token is let pass is for the one to say who hears from all.
      const admit = (): boolean => true
      const made = await joinMesh(options)
      recorder = new Recorder(made, { run, name, label: options.name, disk, volatile, alive, add, admit })
      setInterval(() => {
        recorder!.act()
        recorder!.look()
      }, lookIntervalMs)
    },
    enterRoom: (room) => mesh().room(room).join(),
    async send(to, bodies) {
      const ids: string[] = []
      for (const body of bodies) {
        const id = `${joined().run.replace(' ', '-')}-${++lastNumber}`
        await new Promise<void>((resolve, reject) => {
          storing.set(id, { resolve, reject })
          joined().send(to as Address, body, { id })
        }).finally(() => storing.delete(id))
        ids.push(id)
      }
      return ids
    },
    consume: () => joined().consume(),
    lead: () => joined().lead(''),
    openDoc: (doc) => joined().openDoc(doc),
    writeDoc(doc, words, atMost = Number.POSITIVE_INFINITY) {
      const { text } = textOf(doc)
      text.insert(text.length, words)
      if (text.length > atMost) text.delete(0, Math.floor(text.length / 2))
    },
    readDoc(doc) {
      const { handle, text } = textOf(doc)
      const words = text.toJSON()
      const { state, basedOn } = handle
      return { length: words.length, hash: hash(words), state, basedOn: basedOn.length }
    },
    standing() {
      const { links, signaling, queues, counters, settled } = mesh().status()
      const { me, peers, leader, epoch } = mesh()
      return {
        me: me.id,
        peers: [...peers.keys()].toSorted(),
        leader: leader?.id,
        epoch,
        settled,
        linked: [...new Set(links.map(({ peer }) => peer))].toSorted(),
        signaling: signaling.map(({ state }) => state),
        undelivered: queues.undelivered,
        counters,
      }
    },
    observe: () => joined().observe(),
    async leave() {
      await joined().leave()
    },
  }
}

/** The functions of a conduct that lives in another process. */
export type RemoteConduct = {
  readonly [Name in keyof Conduct]: (
    ...words: Parameters<Conduct[Name]>
  ) => Promise<Awaited<ReturnType<Conduct[Name]>>>
}

export interface Call {
  readonly name: keyof Conduct
  readonly words: readonly unknown[]
}

export const obey = (conduct: Conduct, { name, words }: Call): unknown =>
  (conduct[name] as (...words: readonly unknown[]) => unknown)(...words)

/** @param ask carries a call to where the conduct is, and its answer back */
export const remoteConduct = (ask: (call: Call) => Promise<unknown>): RemoteConduct =>
  new Proxy({} as RemoteConduct, {
    get:
      (_, name) =>
      (...words: unknown[]) =>
        ask({ name: name as keyof Conduct, words }),
  })
