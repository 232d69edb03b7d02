// What programs and people hand in, checked before anything is done with it.

import type { DocEvents, Duty, MeshEvents, MeshOptions, Timing } from './api.ts'
import { MeshError } from './base/errors.ts'
import {
  isMemberId,
  isMessageId,
  isPeerId,
  nameForm,
  topicForm,
  type Address,
  type MemberId,
  type MessageId,
  type PeerId,
} from './base/ids.ts'
import { limits } from './base/limits.ts'
import { refuseUnknownOptions } from './base/option-names.ts'
import type { IceServer } from './base/ports.ts'
import { withoutUndefined } from './base/without-undefined.ts'

const invalid = (what: string): MeshError => new MeshError('invalid-argument', what)

function checkName(name: unknown): asserts name is string {
  if (typeof name === 'string' && nameForm.test(name)) return
  throw invalid(
    `The name ${show(name)} will not do: use 1 to 32 of the letters A-Z and a-z, digits, _ and -.`,
  )
}

/** `what`: "mesh", "room" or "document". */
export function checkTopic(what: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && topicForm.test(name)) return
  throw invalid(
    `The ${what} name ${show(name)} will not do: use 1 to 64 of the letters A-Z and a-z, digits, _ and -.`,
  )
}

export function checkRooms(names: readonly string[]): void {
  if (!Array.isArray(names)) throw invalid(`Rooms are a list of names, not ${show(names)}.`)
  for (const name of names) checkTopic('room', name)
}

/** @param peers Both kinds of ids look alike: what is sent to a peer's would wait for a member that nobody is. */
export function checkAddress(to: unknown, peers: ReadonlyMap<PeerId, unknown>): asserts to is Address {
  if (peers.has(to as PeerId)) throw invalid(`${show(to)} is a peer: use the id of its member, peer.member.`)
  if (typeof to === 'string') {
    if (to.startsWith('@')) return checkName(to.slice(1))
    if (to.startsWith('#')) return checkTopic('room', to.slice(1))
    if (isMemberId(to)) return
  }
  throw invalid(`${show(to)} is no address: use @name, #room or a member's id.`)
}

export function checkPeerId(id: unknown, members: ReadonlyMap<MemberId, unknown>): asserts id is PeerId {
  if (isPeerId(id) && !members.has(id as string as MemberId)) return
  throw invalid(`${show(id)} is no peer: use an id from mesh.peers.`)
}

export function checkMessageId(id: unknown): asserts id is MessageId {
  if (isMessageId(id)) return
  throw invalid(
    `The message id ${show(id)} will not do: use 1 to 64 of the letters A-Z and a-z, digits, _ and -.`,
  )
}

export function checkTtl(ttlMs: unknown): void {
  if (typeof ttlMs === 'number' && ttlMs >= 1 && ttlMs <= limits.maxTtlMs) return
  throw invalid(`A time to live of ${show(ttlMs)} ms will not do: use 1 to ${limits.maxTtlMs}.`)
}

export function checkDelay(delayMs: unknown): void {
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs <= limits.maxTtlMs) return
  throw invalid(`A delay of ${show(delayMs)} ms will not do: use 0 to ${limits.maxTtlMs}.`)
}

export function checkLimit(limit: unknown): void {
  if (Number.isSafeInteger(limit) && (limit as number) >= 1) return
  throw invalid(`A limit of ${show(limit)} will not do: use a whole number from 1 on.`)
}

/** As messages/rows.ts makes them. Another would be taken for the end of time: a loop over pages would never end. */
export function checkCursor(cursor: unknown): asserts cursor is string {
  if (typeof cursor === 'string' && /^\d{21}\/[\da-f]{32}\/\d{12}$/.test(cursor)) return
  throw invalid(`${show(cursor)} is no cursor: use that of a message.`)
}

export function checkMaxDocBytes(maxBytes: unknown): void {
  const fits =
    Number.isSafeInteger(maxBytes) && (maxBytes as number) >= 1 && (maxBytes as number) <= limits.maxDocBytes
  if (!fits)
    throw invalid(`A document of ${show(maxBytes)} bytes will not do: use 1 to ${limits.maxDocBytes}.`)
}

export function checkPriority(priority: unknown): asserts priority is number {
  if (Number.isSafeInteger(priority)) return
  throw invalid(`The priority ${show(priority)} will not do: use a whole number.`)
}

export function checkRole(role: unknown): asserts role is string {
  if (typeof role === 'string' && /^[A-Za-z0-9_./-]{1,64}$/.test(role) && !role.startsWith('inbox/')) return
  throw invalid(
    `The role ${show(role)} will not do: use 1 to 64 of the letters A-Z and a-z, digits, _ . / and -, not beginning with inbox/.`,
  )
}

export function checkDuty(duty: unknown): asserts duty is Duty {
  checkFunction('duty', duty)
}

export function checkFunction(what: 'duty' | 'listener', value: unknown): void {
  if (typeof value !== 'function') throw invalid(`${show(value)} is no ${what}: use a function.`)
}

/** What the compiler tells those who use it: a listener to a misspelt event would hear nothing, without a word. */
function checkListener(events: Readonly<Record<string, true>>, event: unknown, listener: unknown): void {
  if (typeof event !== 'string' || !Object.hasOwn(events, event))
    throw invalid(`There is no event ${show(event)}: use ${Object.keys(events).join(', ')}.`)
  checkFunction('listener', listener)
}

const meshEvents: Readonly<Record<keyof MeshEvents, true>> = {
  peers: true,
  members: true,
  rooms: true,
  message: true,
  receipt: true,
  links: true,
  status: true,
  leader: true,
  error: true,
}
const docEvents: Readonly<Record<keyof DocEvents, true>> = { state: true, stored: true, progress: true }

export const checkMeshListener = (event: unknown, listener: unknown): void =>
  checkListener(meshEvents, event, listener)
export const checkDocListener = (event: unknown, listener: unknown): void =>
  checkListener(docEvents, event, listener)

/** By what is called on them: a program may have them from a copy of Yjs of its own. */
export function checkYjs(doc: unknown, awareness: unknown): void {
  if (doc !== undefined && !has(doc, 'transact'))
    throw invalid(`The option doc takes a Y.Doc, not ${show(doc)}.`)
  if (awareness !== undefined && !has(awareness, 'getStates'))
    throw invalid(`The option awareness takes an Awareness of y-protocols, not ${show(awareness)}.`)
  if (doc !== undefined && awareness !== undefined && (awareness as { doc?: unknown }).doc !== doc)
    throw invalid('The option awareness takes an Awareness of the Y.Doc given as doc, not of another one.')
}

/**
 * What `call` is given as its options: an object or nothing, with nothing in it but the `known` ones. Any `signal` in it can be listened to: an
 * AbortController in its place is a common slip, and would leave a wait behind that nothing ends.
 */
export function checkCallOptions(
  call: string,
  options: unknown,
  known: readonly string[] = ['signal'],
): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null) throw invalid(`${show(options)} are no options.`)
  refuseUnknownOptions(call, options, known)
  const { signal } = options as { signal?: unknown }
  if (signal !== undefined && signal !== null && !has(signal, 'addEventListener'))
    throw invalid(`${show(signal)} is no signal: use the \`signal\` of an AbortController.`)
}

const has = (value: unknown, method: string): boolean =>
  typeof (value as Readonly<Record<string, unknown>> | null)?.[method] === 'function'

export function checkCastTopic(topic: unknown): asserts topic is string {
  if (typeof topic === 'string' && topic.length >= 1 && topic.length <= 32) return
  throw invalid(`The topic ${show(topic)} will not do: use 1 to 32 characters.`)
}

export function checkServers(urls: readonly string[]): void {
  if (!Array.isArray(urls)) throw invalid(`Signaling servers are a list of addresses, not ${show(urls)}.`)
  for (const url of urls) {
    if (typeof url === 'string' && /^wss?:\/\/[^\s#]+$/.test(url)) continue
    throw invalid(
      `${show(url)} is no signaling server: its address begins with ws:// or wss://, and has no #.`,
    )
  }
}

/** RFC 7064 and 7065, as browsers take them: no user in the address, and a transport for TURN only. */
const iceServerForm =
  /^(?!stun:.*\?)(stun|turns?):([^\s/?#@:[\]]+|\[[\da-f:.]+\])(:\d{1,5})?(\?transport=(udp|tcp))?$/i

/** WebRTC fails with all of them for one that it does not take: there would be no link, and no word why. */
export function checkIceServers(servers: readonly IceServer[]): void {
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
  if (!Array.isArray(servers)) throw invalid(`ICE servers are a list, not ${show(servers)}.`)
  for (const server of servers as unknown[]) {
    if (typeof server !== 'object' || server === null)
      throw invalid(`${show(server)} is no ICE server: one is { urls, username?, credential? }.`)
    const { urls, username, credential } = server as Readonly<Record<string, unknown>>
    const list: readonly unknown[] = Array.isArray(urls) ? urls : [urls]
    if (list.length === 0) throw invalid('An ICE server has an address at least.')
    for (const url of list) {
      if (!isText(url) || !iceServerForm.test(url))
        throw invalid(`${show(url)} is no ICE server: its address is stun:HOST, turn:HOST or turns:HOST.`)
      if (/^turn/i.test(url) && !(isText(username) && isText(credential)))
        throw invalid(`The TURN server ${show(url)} needs a username and a credential.`)
    }
  }
}

const { heartbeatIntervalMs, silenceTimeoutMs, discoveryTimeoutMs, reconnectBaseMs, reconnectMaxMs } = limits
const defaultTiming: Timing = {
  heartbeatIntervalMs,
  silenceTimeoutMs,
  discoveryTimeoutMs,
  reconnectBaseMs,
  reconnectMaxMs,
}

const optionNames: Readonly<Record<keyof MeshOptions, true>> = {
  mesh: true,
  name: true,
  signaling: true,
  kind: true,
  priority: true,
  candidate: true,
  dataDir: true,
  store: true,
  iceServers: true,
  timing: true,
  signal: true,
}

/** @param more names that `call` takes beside those of `joinMesh()` */
export function checkOptions(options: MeshOptions, call = 'joinMesh()', more: readonly string[] = []): void {
  if (typeof options !== 'object' || options === null) throw invalid(`${call} needs { mesh, name }.`)
  // Whoever gives one relies on it.
  if ('secret' in options && options.secret !== undefined)
    throw invalid(
      'There are no mesh secrets yet: whoever knows the name of a mesh can join it. Leave secret out.',
    )
  checkCallOptions(call, options, [...Object.keys(optionNames), ...more])
  checkTopic('mesh', options.mesh)
  checkName(options.name)
  if (options.kind !== undefined && options.kind !== 'human' && options.kind !== 'agent') {
    throw invalid(`The kind ${show(options.kind)} will not do: use 'human' or 'agent'.`)
  }
  if (options.store !== undefined && options.store !== 'durable' && options.store !== 'memory') {
    throw invalid(`The store ${show(options.store)} will not do: use 'durable' or 'memory'.`)
  }
  if (options.candidate !== undefined && typeof options.candidate !== 'boolean') {
    throw invalid(`Whether it is a candidate is true or false, not ${show(options.candidate)}.`)
  }
  const { dataDir } = options
  if (dataDir !== undefined && (typeof dataDir !== 'string' || dataDir === ''))
    throw invalid(`The data directory ${show(dataDir)} will not do: name one, or leave it out.`)
  if (options.priority !== undefined) checkPriority(options.priority)
  if (options.signaling !== undefined && options.signaling !== 'auto') checkServers(options.signaling)
  if (options.iceServers !== undefined) checkIceServers(options.iceServers)
  fullTiming(options.timing)
}

/**
 * @param base what holds where `timing` says nothing
 * @throws MeshError `invalid-argument` where a time is no positive number, or is none of ours.
 */
export function fullTiming(timing: Partial<Timing> = {}, base: Timing = defaultTiming): Timing {
  if (typeof timing !== 'object' || timing === null)
    throw invalid(`The timing is an object of numbers, not ${show(timing)}.`)
  refuseUnknownOptions('timing', timing, Object.keys(base))
  const full = { ...base, ...withoutUndefined(timing) }
  for (const [name, value] of Object.entries(full)) {
    if (!Number.isFinite(value) || value <= 0) throw invalid(`timing.${name} must be a positive number.`)
  }
  if (full.silenceTimeoutMs < 2 * full.heartbeatIntervalMs) {
    throw invalid('timing.silenceTimeoutMs must be at least twice timing.heartbeatIntervalMs.')
  }
  return full
}

const show = (value: unknown): string =>
  typeof value === 'string' ? `“${value.slice(0, 80)}”` : String(value)
