// Chromium keeps all databases of a site in one LevelDB, and writes on in the log that it finds. A browser that was
// killed, or lost its power, may leave half a record at that log's end. What is written behind it makes the log
// unreadable for the next start, which then begins with nothing: every database of the site is gone (ADR 016). Deleting
// a database has LevelDB begin a new log, and so each page does that before it writes.

const name = 'skein-empty'

/**
 * Chromium's own fields: told to whoever opens the first database after it has begun with nothing. Nobody else has them.
 */
interface Upgrade extends IDBVersionChangeEvent {
  readonly dataLoss?: string
  readonly dataLossMessage?: string
}

/** Why the browser has thrown away what was stored, in its words; undefined where it has not, or does not say. */
export function lossIn(event: IDBVersionChangeEvent): string | undefined {
  const { dataLoss, dataLossMessage } = event as Upgrade
  return dataLoss === 'total' ? (dataLossMessage ?? 'no reason given') : undefined
}

/**
 * Has the browser begin a new log, where it is one that needs it; the new one stands some tens of milliseconds later. To
 * be called before any other database is opened. Never rejects: whoever keeps something in a database says what is wrong.
 * @returns why the browser has thrown away what this site had stored; undefined if it has not
 */
export async function beginNewLog(): Promise<string | undefined> {
  try {
    if (!('dataLoss' in IDBVersionChangeEvent.prototype)) return undefined
    return await createAndDelete()
  } catch {
    return undefined
  }
}

function createAndDelete(): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = (event) => resolve(lossIn(event))
    request.onsuccess = () => {
      resolve(undefined) // it was there already: another tab is at it, or did not come to delete it
      request.result.close()
      indexedDB.deleteDatabase(name)
    }
    request.onerror = () => reject(request.error)
  })
}
