// Listens at the ports of a simulated process: every message on its links and at its servers, every commit of its
// store becomes a line of the story. It can lose what the story wants lost, and speak in a peer's name.

import type { PeerId } from '../../core/base/ids.ts'
import type { Commit, Connector, Link, Signaling, Store, Tabs } from '../../core/base/ports.ts'
import type { SimProcess } from '../../core/platform/sim/process.ts'
import type { SimLink } from '../../core/platform/sim/link.ts'
import { Joiner, Splitter } from '../../core/wire/chunks.ts'
import { decode, encode } from '../../core/wire/codec.ts'
import { isBulk, linkMessage, type LinkMessage } from '../../core/wire/messages.ts'
import { inWords, kindOf, type Names } from './mesh-words.ts'

export interface Recorder {
  readonly names: Names
  /** `words` is asked when the line is read: who an id belongs to may come out later. */
  write(kind: string, words: () => string): void
  /** True: what `name` says to `remote` is lost, and nobody is told. */
  isLost(name: string, remote: string, message: LinkMessage): boolean
  linked(link: SimLink): void
}

/** The same process, with everything that goes through its ports written down. */
export function tap(process: SimProcess, recorder: Recorder): SimProcess {
  const { name } = process
  const tapped = Object.create(process) as SimProcess
  const define = (key: keyof SimProcess, value: unknown): void => {
    Object.defineProperty(tapped, key, { value, enumerable: true })
  }
  define('connector', tapConnector(process.connector, name, recorder))
  define('store', tapStore(process.store, name, recorder))
  define('tabs', process.tabs && tapTabs(process.tabs, name, recorder))
  define('signaling', (url: string) => tapSignaling(process.signaling(url), name, recorder))
  return tapped
}

/** Everything of `target`, some of it replaced; what is set goes to `target`. */
function over<T extends object>(target: T, changes: Partial<T>, setEvents?: (events: unknown) => unknown): T {
  return new Proxy(target, {
    get: (_, key) => (key in changes ? changes[key as keyof T] : target[key as keyof T]),
    set: (_, key, value: unknown) => {
      const given = key === 'events' && setEvents && value !== undefined ? setEvents(value) : value
      ;(target as Record<string | symbol, unknown>)[key] = given
      return true
    },
  })
}

function tapConnector(connector: Connector, name: string, recorder: Recorder): Connector {
  const { names } = recorder
  const dial: Connector['dial'] = (remote, connection) => {
    recorder.write('dials', () => `${name}: dials ${names.peer(remote)}`)
    connector.dial(remote, connection)
  }
  return over(connector, { dial }, (given) => {
    const events = given as NonNullable<Connector['events']>
    return {
      ...events,
      linked: (link: Link) => events.linked(tapLink(link, name, recorder)),
    }
  })
}

function tapTabs(tabs: Tabs, name: string, recorder: Recorder): Tabs {
  return over(tabs, {}, (given) => {
    const events = given as NonNullable<Tabs['events']>
    return { ...events, linked: (link: Link) => events.linked(tapLink(link, name, recorder)) }
  })
}

function tapLink(link: Link, name: string, recorder: Recorder): Link {
  const { names } = recorder
  const joiner = new Joiner()
  recorder.write('link', () => `${name}: link to ${names.peer(link.remote)} up (${link.kind})`)
  const send = (frame: Uint8Array): void => {
    const joined = joiner.push(frame)
    const read = joined.ok && joined.value ? decode(linkMessage, joined.value.message) : undefined
    if (!read?.ok) return link.send(frame)
    const message = read.value
    learn(message, name, names)
    const lost = recorder.isLost(name, names.peer(link.remote), message)
    const words = (): string =>
      `${name} -> ${names.peer(link.remote)}: ${inWords(message, name, names)}${lost ? ' (lost)' : ''}`
    recorder.write(kindOf(message), words)
    if (!lost) link.send(frame)
  }
  const close = (): void => {
    recorder.write('link', () => `${name}: link to ${names.peer(link.remote)} closed`)
    link.close()
  }
  const tapped = over(link, { send, close }, (given) => {
    const events = given as NonNullable<Link['events']>
    return {
      frame: (frame: Uint8Array) => events.frame(frame),
      drained: () => events.drained(),
      down: (reason: string) => {
        recorder.write('link', () => `${name}: link to ${names.peer(link.remote)} down`)
        events.down(reason)
      },
    }
  })
  recorder.linked(tapped as SimLink)
  return tapped
}

function learn(message: LinkMessage, sender: string, names: Names): void {
  if (message.type === 'hello') for (const each of [message.record, ...message.view]) names.learn(each)
  if (!('payload' in message)) return
  if (message.payload.type === 'record') names.learn(message.payload.record)
  if (message.payload.type === 'entries')
    for (const entry of message.payload.entries) names.learnEntry(entry, sender)
}

/** Says `message` over `link` as if the peer at this end had said it. */
export function sayOver(link: Link, message: LinkMessage): void {
  const splitter = new Splitter(isBulk(message) ? 1 : 0, encode(linkMessage, message))
  for (let frame = splitter.next(); frame; frame = splitter.next()) link.send(frame)
}

function tapSignaling(signaling: Signaling, name: string, recorder: Recorder): Signaling {
  const send = (to: PeerId, data: string): boolean => {
    const what = data.includes('knock') ? 'knock' : 'signal'
    recorder.write('server', () => `${name} -> ${recorder.names.peer(to)}: by server: ${what}`)
    return signaling.send(to, data)
  }
  const refresh = (): void => {
    recorder.write('server', () => `${name}: asks server who is there`)
    signaling.refresh()
  }
  return over(signaling, { send, refresh })
}

// ------------------------------------------------------------------------------------------------ store

function tapStore(store: Store, name: string, recorder: Recorder): Store {
  const commit = async (asked: Commit): ReturnType<Store['commit']> => {
    const result = await store.commit(asked)
    const refused = result.ok ? '' : ', refused: others were faster'
    for (const kind of ['stores', 'removes'] as const) {
      const rows =
        kind === 'stores' ? (asked.put ?? []).map(putInWords) : (asked.delete ?? []).map(keyInWords)
      const told = rows.map((row) => row(recorder.names)).filter((row) => row !== '')
      const words = (): string =>
        `${name}: ${kind} ${together(rows.map((row) => row(recorder.names)))}${refused}`
      const isEpoch = told.some((row) => row.startsWith('epoch'))
      if (told.length > 0) recorder.write(isEpoch ? 'epoch' : kind, words)
    }
    return result
  }
  return over(store, { commit })
}

/** `feed alice 4, feed alice 5, feed alice 6` is `feed alice 4 to 6`. */
function together(rows: readonly string[]): string {
  const numbers = new Map<string, number[]>()
  for (const row of rows) {
    const [, of, number] = /^(.*) (\d+)$/.exec(row) ?? []
    const known = numbers.get(of ?? row) ?? []
    if (row !== '') numbers.set(of ?? row, number === undefined ? known : [...known, Number(number)])
  }
  const words = [...numbers].map(([of, all]) => {
    if (all.length === 0) return of
    const [first, last] = [Math.min(...all), Math.max(...all)]
    return first === last ? `${of} ${first}` : `${of} ${first} to ${last}`
  })
  return words.join(', ')
}

type InNames = (names: Names) => string

/** Values lie behind a checksum of four bytes. */
const putInWords = ({ key, value }: { key: string; value: Uint8Array }): InNames =>
  key.startsWith('epoch/')
    ? (names) => `${keyInWords(key)(names)} ${String.fromCharCode(...value.subarray(4))}`
    : keyInWords(key)

const keyInWords =
  (key: string): InNames =>
  (names) => {
    const [kind = '', a = '', b = ''] = key.split('/')
    switch (kind) {
      case 'feed':
      case 'inbox':
      case 'outbox':
      case 'expired':
      case 'hole':
      case 'gap':
        return `${kind} ${names.store(a)} ${Number(b)}`
      case 'ack':
        return `ack of ${names.member(b)} for ${names.store(a)}`
      case 'epoch':
        return a === '' ? 'epoch' : 'epoch of a role'
      case 'meta':
      case 'unbound':
        return kind === 'meta' ? 'the name of the store' : 'unbound'
      case 'doc':
      case 'doc-aside':
        return `${kind} ${a}`
      case 'aside':
        return a === '' ? 'something unmended' : `aside ${a}`
      case 'joined':
        return `joined #${a}`
      default:
        return ''
    }
  }
