// Chromium keeps all databases of a site in one LevelDB, and writes on in the log that it finds. A browser that was
// killed, or lost its power, may leave half a record at that log's end. What is written behind it makes the log
// unreadable for the next start, which then begins with nothing: every database of the site is gone (ADR 016). Deleting
// a database has LevelDB begin a new log, and so each page does that before it writes.

const name = 'skein-empty'

/** Told by Chromium to whoever opens the first database after it began with nothing; other browsers have no such field. */
interface Upgrade extends IDBVersionChangeEvent {
  readonly dataLoss?: string
  readonly dataLossMessage?: string
}

const sharesOneLog = (): boolean => 'dataLoss' in IDBVersionChangeEvent.prototype

/**
 * Has the browser begin a new log, where it is one that needs it. To be called before any other database is opened.
 * @returns why the browser has thrown away what this site had stored, in its words; undefined if it has not
 */
export function beginNewLog(): Promise<string | undefined> {
  if (!sharesOneLog()) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = (event) => {
      const { dataLoss, dataLossMessage } = event as Upgrade
      resolve(dataLoss === 'total' ? (dataLossMessage ?? '') : undefined)
    }
    request.onsuccess = () => {
      resolve(undefined)
      request.result.close()
      indexedDB.deleteDatabase(name)
    }
    // Whoever opens a database to keep something in it says what is wrong with the storage.
    request.onerror = () => resolve(undefined)
  })
}
