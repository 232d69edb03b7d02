// The one error type users meet. Its code is from a closed list; its message is a sentence that says what is
// wrong and what to do about it.

export type MeshErrorCode =
  /** A name, room, mesh name, id or option is not of its form. */
  | 'invalid-argument'
  /** A body is neither JSON nor bytes, or over `limits.maxBodyBytes`; an awareness state is over `limits.maxAwarenessBytes`. */
  | 'body-too-large'
  | 'body-not-json'
  /** The store has no room left; what was stored stays readable. */
  | 'storage-full'
  /** The store does not answer: another tab holds it. */
  | 'storage-busy'
  /** The store failed otherwise. */
  | 'storage-failed'
  /** A record did not match its checksum or its place; it was set aside and is fetched again. */
  | 'record-corrupt'
  /** This store turned out to be a copy, or older than what the mesh holds; it goes on as a new feed. */
  | 'store-forked'
  /** Another process uses this data directory. */
  | 'data-dir-in-use'
  /** An optional native package is not installed. */
  | 'native-missing'
  /** The page is not served over https or from localhost. */
  | 'insecure-context'
  /** The time to live ran out before every addressee had the message. */
  | 'expired'
  /** A token was asked for by a peer that does not lead. */
  | 'not-leader'
  /** The mesh was left. */
  | 'left'
  /** The caller's AbortSignal fired. */
  | 'aborted'
  /** A signaling server cannot be reached or refused us; tried again by itself. */
  | 'signaling-failed'
  /** A document is, or would become, larger than it may be; what is over the limit is neither sent nor taken in. */
  | 'doc-over-limit'
  /** A peer sent what no Skein peer sends. */
  | 'peer-misbehaved'
  /** A duty or handler of the program threw. */
  | 'duty-failed'

/** What every rejection of the library is, and what its `error` event carries. */
export class MeshError extends Error {
  readonly code: MeshErrorCode
  /** Facts for programs, by code; e.g. `lacking: MemberId[]` for `expired`. */
  readonly details: Readonly<Record<string, unknown>>
  override readonly name = 'MeshError'

  constructor(
    code: MeshErrorCode,
    message: string,
    options?: { details?: Record<string, unknown>; cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options?.details ?? {}
  }
}

/** For bytes and values from outside: never thrown, always looked at. */
export type Result<T, E = string> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E }
export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })
export const fail = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error })

/** A broken invariant of ours: stops the peer rather than letting it go on wrongly. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Skein broke its own rule: ${what}`)
}
