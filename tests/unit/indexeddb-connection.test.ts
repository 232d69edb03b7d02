// The connection to a database, on an IndexedDB of the test's; on the browsers' own: tests/e2e/contract-stores.spec.ts.

import { afterEach, expect, test, vi } from 'vitest'
import { createConnection, rowsName } from '../../core/platform/browser/indexeddb-connection.ts'
import { storageError } from '../../core/platform/browser/indexeddb-errors.ts'

afterEach(() => vi.unstubAllGlobals())

/** Opens databases; of each, `closing` says whether it is about to be closed by the browser already. */
function stubIndexedDb(closing: boolean[]): { readonly opened: number } {
  const counts = { opened: 0 }
  const openDatabase = () => {
    const isClosing = closing[counts.opened++]
    return {
      transaction: (name: string) => {
        if (isClosing) throw new DOMException('The connection is closing.', 'InvalidStateError')
        const transaction = {
          name,
          objectStore: () => ({ get: () => ({ result: 'an identity' }) }),
          oncomplete: () => undefined,
        }
        queueMicrotask(() => transaction.oncomplete())
        return transaction
      },
    }
  }
  const open = () => {
    const request = { result: openDatabase(), onsuccess: () => undefined }
    queueMicrotask(() => request.onsuccess())
    return request
  }
  vi.stubGlobal('indexedDB', { open })
  return counts
}

test('a connection that the browser closes as soon as it is open is opened again, three times at most', async () => {
  const few = stubIndexedDb([true, true, false])
  const transaction = await createConnection('skein').transaction('readonly', () => false)
  expect(transaction).toMatchObject({ name: rowsName })
  expect(few.opened).toBe(3)
  const many = stubIndexedDb([true, true, true, false])
  const failing = createConnection('skein').transaction('readonly', () => false)
  await expect(failing).rejects.toMatchObject({ name: 'InvalidStateError' })
  expect(many.opened).toBe(3)
})

test('a page that may keep nothing is told what to do about it', () => {
  const denied = new DOMException('access is denied in this context', 'SecurityError')
  const { code, message } = storageError(denied, false)
  expect(code).toBe('storage-failed')
  expect(message).toMatch(/Nothing was written\. This page may keep nothing: .* store: 'memory'\.$/)
  expect(storageError(new DOMException('why', 'AbortError'), false).message).toMatch(/Nothing was written\.$/)
})
