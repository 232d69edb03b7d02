// What travels on a signaling socket, and how text becomes a typed request. Two dialects share the socket: stock
// y-webrtc (subscribe, unsubscribe, publish, ping) and ours (join, leave, signal). Nothing here throws on bad text.

import { isPeerId, type PeerId } from '../core/base/ids.ts'
import type { SignalingLimits } from './limits.ts'

type JsonObject = Readonly<Record<string, unknown>>

export type ClientMessage =
  | { readonly type: 'subscribe' | 'unsubscribe'; readonly topics: readonly string[] }
  /** `message` is the client's own object: what we do not know in it is passed on untouched. */
  | { readonly type: 'publish'; readonly topic: string; readonly message: JsonObject }
  | { readonly type: 'ping' }
  | { readonly type: 'join'; readonly topic: string; readonly peer: PeerId }
  | { readonly type: 'leave'; readonly topic: string }
  | { readonly type: 'signal'; readonly topic: string; readonly to: PeerId; readonly data: unknown }

export type ServerMessage =
  | { readonly type: 'pong' }
  | (JsonObject & { readonly clients: number })
  | {
      readonly type: 'joined'
      readonly topic: string
      readonly serverId: string
      /** A random sample of the others in the topic. */
      readonly peers: readonly PeerId[]
      /** How many others there are; 0 says that nobody is here. */
      readonly count: number
    }
  | { readonly type: 'signal'; readonly topic: string; readonly from: PeerId; readonly data: unknown }
  | { readonly type: 'absent'; readonly topic: string; readonly peer: PeerId }
  | {
      readonly type: 'closed'
      readonly topic: string
      readonly peer: PeerId
      /** `left`: it said goodbye. `closed`: its socket closed, which is a hint and no proof. */
      readonly reason: 'closed' | 'left'
    }
  | { readonly type: 'error'; readonly code: RefusalCode; readonly reason: string }

export const refusalCodes = [
  'malformed',
  'too-large',
  'too-fast',
  'too-many-topics',
  'not-joined',
  'replaced',
] as const
export type RefusalCode = (typeof refusalCodes)[number]

/** Why a message was not taken: a code for programs, a sentence for people. The socket is closed after it. */
export interface Refusal {
  readonly code: RefusalCode
  readonly reason: string
}

const malformed = (reason: string): Refusal => ({ code: 'malformed', reason })

/** Reads one text frame. Size is judged first, so that nothing large is parsed. */
export function readClientMessage(text: string, limits: SignalingLimits): ClientMessage | Refusal {
  if (exceedsUtf8(text, limits.maxMessageBytes)) {
    return { code: 'too-large', reason: `A message may have at most ${limits.maxMessageBytes} bytes.` }
  }
  if (nesting(text) > limits.maxNesting) {
    return malformed(`A message may be nested at most ${limits.maxNesting} levels deep.`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return malformed('A message must be JSON text.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed('A message must be a JSON object with a "type".')
  }
  return readObject(value as JsonObject, limits)
}

export const isRefusal = (read: ClientMessage | Refusal): read is Refusal => 'code' in read

function readObject(value: JsonObject, limits: SignalingLimits): ClientMessage | Refusal {
  const { type } = value
  if (type === 'ping') return { type }
  if (type === 'subscribe' || type === 'unsubscribe') return readTopics(type, value['topics'], limits)
  if (type !== 'publish' && type !== 'join' && type !== 'leave' && type !== 'signal') {
    return malformed('The "type" of the message is not one that this server knows.')
  }
  const { topic } = value
  if (!isTopic(topic, limits)) return badTopic(limits)
  if (type === 'publish') return { type, topic, message: value }
  if (type === 'leave') return { type, topic }
  if (type === 'join') {
    const { peer } = value
    return isPeerId(peer) ? { type, topic, peer } : malformed('"peer" must be 32 lowercase hex digits.')
  }
  const { to, data } = value
  if (!isPeerId(to)) return malformed('"to" must be 32 lowercase hex digits.')
  return data === undefined ? malformed('A signal must carry "data".') : { type, topic, to, data }
}

function readTopics(
  type: 'subscribe' | 'unsubscribe',
  topics: unknown,
  limits: SignalingLimits,
): ClientMessage | Refusal {
  // The stock server reads a missing list as an empty one.
  if (topics === undefined) return { type, topics: [] }
  if (!Array.isArray(topics)) return malformed('"topics" must be a list.')
  return topics.every((topic) => isTopic(topic, limits)) ? { type, topics } : badTopic(limits)
}

const isTopic = (value: unknown, limits: SignalingLimits): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= limits.maxTopicLength

const badTopic = (limits: SignalingLimits): Refusal =>
  malformed(`A topic must be a text of 1-${limits.maxTopicLength} characters.`)

function exceedsUtf8(text: string, limitBytes: number): boolean {
  if (text.length > limitBytes) return true
  if (text.length * 3 <= limitBytes) return false
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // A surrogate pair is four bytes: two for each of its halves.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3
  }
  return bytes > limitBytes
}

/** The deepest level of brackets outside strings. Needs no valid JSON: the parser judges that afterwards. */
function nesting(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (inString) {
      if (char === '\\') i++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth)
    else if (char === '}' || char === ']') depth--
  }
  return deepest
}
