// eraseMesh() in a page; with a database to erase: tests/e2e/leave.spec.ts.

import { afterEach, expect, test, vi } from 'vitest'
import { eraseMesh } from '../../core/browser.ts'

afterEach(() => vi.unstubAllGlobals())

test('a page that is no secure context is told so', async () => {
  vi.stubGlobal('navigator', {})
  await expect(eraseMesh({ mesh: 'acme', name: 'ada' })).rejects.toMatchObject({ code: 'insecure-context' })
})
