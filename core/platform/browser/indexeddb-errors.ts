// What IndexedDB's errors mean to the rest of Skein: three codes, each with a sentence for people.

import { MeshError } from '../../base/errors.ts'

const advices: ReadonlyMap<string, string> = new Map([
  // Chromium's word for a database whose own files are damaged or gone: no opening of this site's ever succeeds again.
  [
    'UnknownError',
    'Start the browser again; if that does not help, clear this site’s data: what others hold comes back from them.',
  ],
  // Its and Firefox' word where the person, or whoever made the frame, lets the page keep nothing.
  [
    'SecurityError',
    "This page may keep nothing: allow cookies and site data for it (or same-origin for its frame), or join with store: 'memory'.",
  ],
])

/** @param late the transaction was aborted by us because it took too long. */
export function storageError(error: unknown, late: boolean): MeshError {
  if (error instanceof MeshError) return error
  if (late) {
    return new MeshError(
      'storage-busy',
      'The database does not answer: another tab of this site holds it and may be frozen. Nothing was written; try again, or close that tab.',
      { cause: error },
    )
  }
  const { name, message } =
    error instanceof Error ? error : { name: 'no reason given', message: String(error) }
  if (name === 'QuotaExceededError') {
    return new MeshError(
      'storage-full',
      'The browser gives this site no more room. Nothing was written; what was stored before stays readable.',
      { cause: error },
    )
  }
  const advice = advices.get(name)
  return new MeshError(
    'storage-failed',
    `The database failed (${name}: ${message}). Nothing was written.${advice === undefined ? '' : ` ${advice}`}`,
    { cause: error },
  )
}
