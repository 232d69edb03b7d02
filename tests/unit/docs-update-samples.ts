// Documents of every kind Yjs has, grown by random edits of several people, and the updates they give rise to.

import { fc } from '../support/properties.ts'
import {
  createEncoder,
  toUint8Array,
  writeUint8,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
  type Encoder,
} from 'lib0/encoding'
import * as Y from 'yjs'
import { scanUpdate, type UpdateScan } from '../../core/docs/update-scan.ts'

export interface Step {
  readonly who: number
  readonly act: number
  readonly place: number
  readonly value: unknown
}

/** People that write at the same time; the third has a client id beyond 32 bits. */
const people = [7, 4_000_000_000, 2 ** 52 + 1]

/** Whatever a program may put into a map or an array. */
const anyValue = fc.oneof(
  { depthSize: 'small' },
  fc.anything({
    withBigInt: false,
    withDate: false,
    withNullPrototype: false,
    maxDepth: 3,
    key: fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
    values: [
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.maxSafeInteger(),
      fc.string({ unit: 'binary' }),
      fc.constant(null),
    ],
  }),
  fc.uint8Array(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 60, maxLength: 300 }),
)

export const step = fc.record({ who: fc.nat(2), act: fc.nat(20), place: fc.nat(200), value: anyValue })

export const steps = fc.array(step, { maxLength: 60 })

/** What a run of steps leaves behind: the documents, and every update that was sent meanwhile. */
export interface Story {
  readonly docs: readonly Y.Doc[]
  readonly updates: readonly Uint8Array[]
}

export function play(story: readonly Step[], clients: readonly number[] = people): Story {
  const updates: Uint8Array[] = []
  const docs = clients.map((client) => {
    const doc = new Y.Doc()
    doc.clientID = client
    for (const name of ['map', 'list', 'xml', 'text'] as const) root(doc, name)
    doc.on('update', (update: Uint8Array) => updates.push(update))
    return { doc, undo: new Y.UndoManager([root(doc, 'text'), root(doc, 'list')], { captureTimeout: 0 }) }
  })
  for (const step of story) {
    const { doc, undo } = docs[step.who]!
    if (step.act === 18) undo.undo()
    else if (step.act === 19) undo.redo()
    else if (step.act === 20) sync(doc, docs[(step.who + 1 + (step.place % 2)) % 3]!.doc)
    else edit(doc, step)
  }
  return { docs: docs.map(({ doc }) => doc), updates }
}

/** `into` takes all that `from` has. */
export function sync(into: Y.Doc, from: Y.Doc): void {
  Y.applyUpdate(into, Y.encodeStateAsUpdate(from, Y.encodeStateVector(into)))
}

function root(doc: Y.Doc, name: 'map'): Y.Map<unknown>
function root(doc: Y.Doc, name: 'list'): Y.Array<unknown>
function root(doc: Y.Doc, name: 'text'): Y.Text
function root(doc: Y.Doc, name: 'xml'): Y.XmlFragment
function root(doc: Y.Doc, name: string): unknown
function root(doc: Y.Doc, name: string): unknown {
  if (name === 'map') return doc.getMap(name)
  if (name === 'list') return doc.getArray(name)
  return name === 'text' ? doc.getText(name) : doc.getXmlFragment(name)
}

function newType(place: number): unknown {
  return [
    () => new Y.Map([['inside', place]]),
    () => Y.Array.from([place, 'two']),
    () => new Y.Text('nested'),
    () => new Y.Doc({ guid: `sub-${place}`, autoLoad: place % 2 === 0, meta: { place } }),
  ][place % 4]!()
}

function edit(doc: Y.Doc, { act, place, value }: Step): void {
  const text = root(doc, 'text')
  const list = root(doc, 'list')
  const map = root(doc, 'map')
  const at = place % (text.length + 1)
  const some = Math.min(1 + (place % 5), text.length - at)
  const index = place % (list.length + 1)
  const key = `key ${place % 4}`
  const acts = [
    () => text.insert(at, typeof value === 'string' ? value.slice(0, 20) : 'löwe 🦁'),
    () => text.insert(at, 'a whole sentence, typed at once. '),
    () => text.format(at, some, { bold: place % 3 === 0 ? null : { 'a "b"': [1, 'é', null] } }),
    () => text.insertEmbed(at, { image: 'https://example.org/ü.png', size: [1.5, -2e30] }),
    () => text.delete(at, some),
    () => map.set(key, [value]),
    () => map.delete(key),
    () => list.insert(index, [[value], null, true, -0, { not: undefined, big: 1n }, 1e300]),
    () => list.insert(index, [new Uint8Array(place)]),
    () => list.delete(Math.min(index, Math.max(0, list.length - 3)), Math.min(3, list.length)),
    () => map.set(key, newType(place)),
    () => list.insert(index, [newType(place)]),
    () => inNested(list.get(place % Math.max(1, list.length)) ?? map.get(key), place, value),
    () => inNested(map.get(key), place, value),
    () => addXml(root(doc, 'xml'), place),
    () => editXml(root(doc, 'xml'), place),
    () => doc.transact(() => [text.insert(0, 'two '), map.set('transaction', place), list.push([place])]),
    () => text.applyDelta([{ retain: at }, { insert: 'delta', attributes: { link: 'x', em: {} } }]),
  ]
  acts[act]?.()
}

function inNested(type: unknown, place: number, value: unknown): void {
  if (type instanceof Y.Map) type.set(`n${place % 3}`, place % 5 === 0 ? newType(place) : [value])
  if (type instanceof Y.Array)
    type.insert(place % (type.length + 1), [place % 5 === 0 ? newType(1) : [value]])
  if (type instanceof Y.Text) type.insert(place % (type.length + 1), 'more', { em: true })
}

function addXml(xml: Y.XmlFragment, place: number): void {
  const parent = xml.length > 0 && place % 2 === 0 ? xml.get(place % xml.length) : xml
  const into = parent instanceof Y.XmlElement ? parent : xml
  const node = [new Y.XmlElement('p'), new Y.XmlText('words'), new Y.XmlHook('hook')][place % 3]!
  into.insert(place % (into.length + 1), [node as Y.XmlElement])
}

function editXml(xml: Y.XmlFragment, place: number): void {
  if (xml.length === 0) return
  const index = place % xml.length
  const node = xml.get(index) as unknown
  if (place % 4 === 0) xml.delete(index, 1)
  else if (node instanceof Y.XmlElement) node.setAttribute('class', `c${place}`)
  else if (node instanceof Y.XmlText) node.format(0, node.length, { b: true })
}

/** All kinds of updates that come out of a story: as sent, merged (with holes), whole, since a vector, cut. */
export function updatesOf({ docs, updates }: Story, pick: number): Uint8Array[] {
  const every = (count: number): Uint8Array[] => updates.filter((_, index) => (index + pick) % count === 0)
  const whole = docs.map((doc) => Y.encodeStateAsUpdate(doc))
  const vectors = docs.map((doc) => Y.encodeStateVector(doc))
  return [
    ...updates,
    ...whole,
    Y.mergeUpdates(whole),
    ...[2, 3, 5].map(every).flatMap((some) => (some.length > 0 ? [Y.mergeUpdates(some)] : [])),
    ...vectors.flatMap((vector) => docs.map((doc) => Y.encodeStateAsUpdate(doc, vector))),
    ...vectors.flatMap((vector) => whole.map((update) => Y.diffUpdate(update, vector))),
    ...vectors.map((vector) => Y.diffUpdate(Y.mergeUpdates(every(2).concat(whole.slice(0, 1))), vector)),
  ]
}

/** Updates that keep to the grammar and to nothing else: any struct refers to anything, of three clients. */
export const lawlessUpdates = fc
  .tuple(
    fc.uniqueArray(
      fc.record({
        client: fc.nat(2),
        clock: fc.oneof(fc.constant(0), fc.nat(12)),
        structs: fc.array(lawlessStruct(), { minLength: 1, maxLength: 8 }),
      }),
      { selector: (block) => block.client, maxLength: 3 },
    ),
    fc.uniqueArray(
      fc.record({
        client: fc.nat(3),
        deletions: fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 })), {
          minLength: 1,
          maxLength: 3,
        }),
      }),
      { selector: (list) => list.client, maxLength: 3 },
    ),
  )
  .map(([blocks, lists]) => {
    const encoder = createEncoder()
    writeVarUint(encoder, blocks.length)
    for (const { client, clock, structs } of blocks) {
      for (const number of [structs.length, client, clock]) writeVarUint(encoder, number)
      let at = clock
      for (const struct of structs) at += struct(encoder, client, at)
    }
    writeVarUint(encoder, lists.length)
    for (const { client, deletions } of lists) {
      writeVarUint(encoder, client)
      writeVarUint(encoder, deletions.length)
      let clock = 0
      for (const [gap, length] of deletions) {
        writeVarUint(encoder, clock + gap)
        writeVarUint(encoder, length)
        clock += gap + length
      }
    }
    return toUint8Array(encoder)
  })

/** Writes one struct at that clock; its length. */
type Write = (encoder: Encoder, client: number, clock: number) => number

function lawlessStruct(): fc.Arbitrary<Write> {
  const id = fc.tuple(fc.nat(2), fc.nat(9))
  const length = fc.integer({ min: 1, max: 4 })
  const plain = fc.tuple(fc.constantFrom(0, 10), length).map(([kind, length]): Write => (encoder) => {
    writeVarUint(encoder, kind)
    writeVarUint(encoder, length)
    return length
  })
  const ascii = (text: string): number[] => [text.length, ...Buffer.from(text)]
  /** Kind, length, and what follows. */
  const content = fc.oneof(
    length.map((length) => [1, length, length]),
    fc.constant([2, 2, 2, ...ascii('undefined'), ...ascii('[]')]),
    fc.constant([3, 1, 2, 1, 2]),
    fc.constant([4, 3, ...ascii('abc')]),
    fc.constant([4, 3, 5, ...Buffer.from('🦁z')]),
    fc.constant([5, 1, ...ascii('{}')]),
    fc.constantFrom('true', 'null').map((value) => [6, 1, ...ascii('b'), ...ascii(value)]),
    fc.nat(6).map((type) => (type === 3 || type === 5 ? [7, 1, type, ...ascii('p')] : [7, 1, type])),
    fc.constant([8, 2, 2, 120, 117, 1, 126]),
    fc.constant([9, 1, ...ascii('g'), 118, 1, ...ascii('gc'), 121]),
  )
  const item = fc
    .tuple(content, fc.option(id), fc.option(id), fc.option(id), fc.boolean())
    .map(([[kind, length, ...rest], origin, right, parent, key]): Write => (encoder, own, clock) => {
      // Nearly all that refers to its own client does so rightly, or hardly an update would pass.
      const refer = ([client, to]: [number, number]): void => {
        writeVarUint(encoder, client)
        writeVarUint(encoder, client === own && clock > 0 ? to % clock : to)
      }
      writeUint8(encoder, kind! | (origin ? 0x80 : 0) | (right ? 0x40 : 0) | (key ? 0x20 : 0))
      if (origin) refer(origin)
      if (right) refer(right)
      if (!origin && !right) {
        writeVarUint(encoder, parent ? 0 : 1)
        if (parent) refer(parent)
        else writeVarString(encoder, 'text')
        if (key) writeVarString(encoder, 'key')
      }
      for (const byte of rest) writeUint8(encoder, byte)
      return length!
    })
  return fc.oneof({ weight: 1, arbitrary: plain }, { weight: 4, arbitrary: item })
}

/** A piece of an update: a number, a text, bytes as they are, a text of any bytes, a number beyond 2^53. */
export type Part =
  | number
  | string
  | readonly Part[]
  | { readonly byte: number }
  | { readonly text: Uint8Array }
  | { readonly huge: number }

export function bytesOf(...parts: readonly Part[]): Uint8Array {
  const encoder = createEncoder()
  const write = (part: Part): void => {
    if (typeof part === 'number') writeVarUint(encoder, part)
    else if (typeof part === 'string') writeVarString(encoder, part)
    else if ('byte' in part) writeUint8(encoder, part.byte)
    else if ('text' in part) writeVarUint8Array(encoder, part.text)
    else if ('huge' in part) writeHuge(encoder, BigInt(part.huge))
    else part.forEach(write)
  }
  parts.forEach(write)
  return toUint8Array(encoder)
}

function writeHuge(encoder: Encoder, number: bigint): void {
  for (let rest = number; ; rest >>= 7n) {
    writeUint8(encoder, Number(rest & 127n) | (rest > 127n ? 128 : 0))
    if (rest <= 127n) return
  }
}

/** How many maps inside each other; the first lies at the root. */
export function deepDoc(maps: number): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = 5
  doc.transact(() => {
    let inner: Y.Map<unknown> = doc.getMap('map')
    for (let count = 0; count < maps; count += 1) inner = inner.set('in', new Y.Map<unknown>())
  })
  return doc
}

/** How many types an operation that the document holds lies in; 0 at the root. */
export function levelIn(doc: Y.Doc, client: number, clock: number): number {
  if (clock >= Y.getState(doc.store, client)) return 0
  let level = -1
  for (let item: Y.Item | null = Y.getItem(doc.store, Y.createID(client, clock)); item; level += 1) {
    const parent: unknown = item instanceof Y.Item ? item.parent : undefined
    item = parent instanceof Y.AbstractType ? parent._item : null
  }
  return level
}

export interface Mutation {
  readonly which: number
  readonly cut: boolean
  readonly edits: readonly { readonly at: number; readonly kind: number; readonly byte: number }[]
}

export const mutations = fc.array(
  fc.record({
    which: fc.nat(),
    cut: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
    edits: fc.array(fc.record({ at: fc.nat(), kind: fc.nat(6), byte: fc.nat(255) }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  { minLength: 60, maxLength: 60 },
)

/** One of the updates, damaged. */
export function mutate(updates: readonly Uint8Array[], { which, cut, edits }: Mutation): Uint8Array {
  const bytes = [...updates[which % updates.length]!]
  if (cut) return Uint8Array.from(bytes.slice(0, edits[0]!.at % bytes.length))
  for (const { at, kind, byte } of edits) {
    const place = at % bytes.length
    const acts = [
      () => bytes.splice(place, 1, byte),
      () => bytes.splice(place, 1, bytes[place]! ^ (1 << (byte & 7))),
      () => bytes.splice(place, 0, byte),
      () => bytes.length > 1 && bytes.splice(place, 1),
      () => bytes.splice(place, 1, 255, 255, 255, 255, 255, 255, 255, 15),
      () => bytes.splice(place, Math.min(byte % 8, bytes.length - 1)),
      () => bytes.splice(place, 0, ...bytes.slice(place, place + (byte % 16))),
    ]
    acts[kind]!()
  }
  return Uint8Array.from(bytes)
}

/** The same part again and again. */
export const many = (count: number, part: Part): Part[] => Array.from({ length: count }, () => part)

/** The scan of an update that must pass. */
export function scanned(update: Uint8Array): UpdateScan {
  const scan = scanUpdate(update)
  if (!scan.ok) throw new Error(`${scan.error}: ${Buffer.from(update).toString('hex')}`)
  return scan.value
}

/** Why an update of these parts is refused; undefined: it is not. */
export function refusal(...parts: readonly Part[]): string | undefined {
  const scan = scanUpdate(bytesOf(...parts))
  return scan.ok ? undefined : scan.error
}
