// The stage of the wire format: values are written, their bytes are bent, and read back. No peers, no time.

import { limits } from '../../core/base/limits.ts'
import { Joiner, Splitter, type Lane } from '../../core/wire/chunks.ts'
import { decode, encode } from '../../core/wire/codec.ts'
import { isBulk, linkMessage, type LinkMessage } from '../../core/wire/messages.ts'
import { formatNegotiation, parseNegotiation } from '../../core/wire/negotiation.ts'
import { type Line, type Saying, type Stage, understand } from './story.ts'

const id = (letter: string): never => letter.repeat(32) as never

/** The messages that stories speak of. */
const messages: Readonly<Record<string, LinkMessage>> = {
  'a ping': { type: 'ping', nonce: 300, offers: [{ origin: id('a'), sequence: 7 }] },
  'a claim': { type: 'direct', payload: { type: 'claim', role: 'index', epoch: 2, leader: id('b') } },
  'a beat': { type: 'beat' },
  busy: { type: 'busy', ms: 1000 },
  'a pull': { type: 'pull', ids: [{ origin: id('c'), sequence: 2 ** 53 - 1 }] },
  'a cast': { type: 'direct', payload: { type: 'cast', topic: 'news', body: Uint8Array.of(1, 2, 3) } },
  'a large cast': { type: 'direct', payload: { type: 'cast', topic: 'news', body: new Uint8Array(40_000) } },
  entries: { type: 'direct', payload: { type: 'entries', entries: [] } },
  'a goodbye': {
    type: 'broadcast',
    origin: id('a'),
    sequence: 1,
    payload: { type: 'gone', peer: id('a'), incarnation: 4, reason: 'left' },
  },
}

type Act = Saying<WireStage, void>

const fromHexText = (text: string): Uint8Array =>
  Uint8Array.from(text.split(' ').map((byte) => Number.parseInt(byte, 16)))
const toHexText = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')

const acts: readonly Act[] = [
  [
    /^(.+) (?:is|are) written$/,
    (stage, what) => {
      stage.written = messages[what!]!
      stage.bytes = encode(linkMessage, stage.written)
      stage.say('writer', stage.bytes.length > 60 ? `${stage.bytes.length} bytes` : toHexText(stage.bytes))
    },
  ],
  [/^the bytes (.+) are read$/, (stage, text) => stage.read(fromHexText(text!))],
  [/^it is read$/, (stage) => stage.read(stage.bytes)],
  [/^the bytes are wiped$/, (stage) => void stage.bytes.fill(0)],
  [
    /^it is cut short anywhere, or goes on$/,
    (stage) => {
      const { bytes } = stage
      const cut = Array.from(bytes, (_, length) => decode(linkMessage, bytes.subarray(0, length)).ok)
      const on = decode(linkMessage, Uint8Array.of(...bytes, 0)).ok
      const refused = [...cut, on].filter((ok) => !ok).length
      stage.say('reader', `refused ${refused} of ${bytes.length + 1}`)
    },
  ],
  [
    /^(.+) and (.+) share a link$/,
    (stage, first, second) => {
      const splitters = [first, second].map((what) => {
        const message = messages[what!]!
        return new Splitter(isBulk(message) ? 1 : 0, encode(linkMessage, message))
      })
      stage.share(splitters)
    },
  ],
  [
    /^the frames? (.+) comes?$/,
    (stage, text) => {
      const joiner = new Joiner()
      for (const frame of text!.split(', then ')) {
        const result = joiner.push(frameOf(frame))
        stage.say('joiner', result.ok ? 'taken' : `refused: ${result.error}`)
      }
    },
  ],
  [
    /^the lane of (.+)$/,
    (stage, what) => stage.say('lane', `${what}: ${isBulk(messages[what!]!) ? 'bulk' : 'control'}`),
  ],
  [
    /^the text (.+) is taken for a negotiation$/,
    (stage, text) => {
      const read = parseNegotiation(text!.replace('48 KiB', 'x'.repeat(limits.maxSignalBytes + 1)))
      stage.say('negotiation', read.ok ? formatNegotiation(read.value) : `refused: ${read.error}`)
    },
  ],
]

/** Bytes in hex; `full` stands for what makes it a frame of 16 KiB, the least that a first piece may have. */
function frameOf(words: string): Uint8Array {
  const [, start, full] = /^([0-9a-f ]+?)( full)?$/.exec(words) ?? []
  const bytes = fromHexText(start!)
  const frame = new Uint8Array(full === undefined ? bytes.length : limits.smallFrameBytes)
  frame.set(bytes)
  return frame
}

export class WireStage implements Stage {
  readonly nowMs = 0
  readonly lines: Line[] = []
  readonly kinds: ReadonlySet<string> = new Set([
    'writer',
    'reader',
    'frame',
    'joiner',
    'lane',
    'negotiation',
  ])
  written: LinkMessage = messages['a beat']!
  bytes: Uint8Array = new Uint8Array()
  last: LinkMessage | undefined

  say(kind: string, words: string): void {
    this.lines.push({ atMs: 0, kind, words: `${kind}: ${words}` })
  }

  read(bytes: Uint8Array): void {
    const read = decode(linkMessage, bytes)
    this.last = read.ok ? read.value : undefined
    this.say('reader', read.ok ? read.value.type : `refused: ${read.error}`)
  }

  /** Frames of the control lane first, as a link does it; both joined again at the far end. */
  share(splitters: readonly Splitter[]): void {
    const joiner = new Joiner()
    const first = splitters.find(({ lane }) => lane === 1)?.next()
    const rest = splitters.toSorted((a, b) => a.lane - b.lane)
    const frames = [first, ...rest.flatMap((splitter) => [...framesOf(splitter)])]
    for (const frame of frames) {
      if (!frame) continue
      const header = frame[0]!
      const lane: Lane = (header & 1) as Lane
      const which = [
        lane === 1 ? 'bulk' : 'control',
        (header & 2) !== 0 && 'first',
        (header & 4) !== 0 && 'last',
      ]
      this.say('frame', `${which.filter(Boolean).join(', ')}, ${frame.length} bytes`)
      const joined = joiner.push(frame)
      if (!joined.ok) this.say('joiner', `refused: ${joined.error}`)
      else if (joined.value) this.read(joined.value.message)
    }
  }

  async act(words: string): Promise<void> {
    understand(acts, this, words)
  }

  async holds(words: string): Promise<boolean> {
    if (words === 'what was read is what was written')
      return JSON.stringify(this.last) === JSON.stringify(this.written)
    throw new Error(`nobody can tell whether this is so: ${words}`)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

function* framesOf(splitter: Splitter): Generator<Uint8Array> {
  for (let frame = splitter.next(); frame; frame = splitter.next()) yield frame
}
