// The text in which two ends of a WebRTC attempt speak: a JSON list of descriptions and candidates. What comes in is
// from an unknown peer by way of an unknown server: only what we would send ourselves is let through to simple-peer,
// which would otherwise renegotiate, or take on cameras, at a stranger's word.

import { limits } from '../../base/limits.ts'

export type PeerSignal =
  | {
      readonly type: 'offer' | 'answer'
      readonly sdp: string
      /** Of an offer: its end wants to be reached before it reaches out. */
      readonly answererFirst?: true
    }
  | {
      readonly type: 'candidate'
      readonly candidate: {
        readonly candidate: string
        readonly sdpMid: string | null
        readonly sdpMLineIndex: number | null
      }
    }

/** Signals in one text. chosen: a machine with dozens of addresses. */
const maxSignals = 64

export const isDescription = (signal: PeerSignal): signal is Extract<PeerSignal, { sdp: string }> =>
  signal.type !== 'candidate'

/**
 * An address that only calls by TCP, as browsers give one for each of theirs: two that call and do not listen never
 * meet, and trying costs as much as with one of use.
 */
export const isOfNoUse = (signal: PeerSignal): boolean =>
  signal.type === 'candidate' && / tcptype active\b/.test(signal.candidate.candidate)

/** One text, or several where one would be over `limits.maxSignalBytes`. */
export function writeSignals(signals: readonly PeerSignal[]): string[] {
  if (signals.length === 0) return []
  const text = JSON.stringify(signals)
  if (signals.length === 1 || (signals.length <= maxSignals && text.length * 3 <= limits.maxSignalBytes))
    return [text]
  const half = Math.ceil(signals.length / 2)
  return [...writeSignals(signals.slice(0, half)), ...writeSignals(signals.slice(half))]
}

/** The signals that are of their form; nothing for text that is not ours. Never throws. */
export function readSignals(text: string): PeerSignal[] {
  if (text.length > limits.maxSignalBytes) return []
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Not ours: dropped, as the port says.
    return []
  }
  if (!Array.isArray(value) || value.length > maxSignals) return []
  return value.map(readSignal).filter((signal) => signal !== undefined)
}

function readSignal(value: unknown): PeerSignal | undefined {
  if (!isRecord(value)) return undefined
  const { type, sdp, answererFirst, candidate } = value
  if (type === 'offer' || type === 'answer') {
    if (typeof sdp !== 'string' || !carriesDataOnly(sdp)) return undefined
    return answererFirst === true ? { type, sdp, answererFirst } : { type, sdp }
  }
  if (type !== 'candidate' || !isRecord(candidate)) return undefined
  const { candidate: line, sdpMid = null, sdpMLineIndex = null } = candidate
  if (typeof line !== 'string' || (sdpMid !== null && typeof sdpMid !== 'string')) return undefined
  if (sdpMLineIndex !== null && typeof sdpMLineIndex !== 'number') return undefined
  return { type, candidate: { candidate: line, sdpMid, sdpMLineIndex } }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** One data section: no sound, no pictures. */
const carriesDataOnly = (sdp: string): boolean => {
  const sections = sdp.match(/^m=.*$/gm) ?? []
  return sections.length === 1 && sections.every((section) => section.startsWith('m=application '))
}
