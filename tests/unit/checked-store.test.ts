// The checked store where the store beneath refuses to write; the rest is in tests/contract.

import { expect, test } from 'vitest'
import { MeshError } from '../../core/base/errors.ts'
import type { Store } from '../../core/base/ports.ts'
import { createCheckedStore } from '../../core/checked-store.ts'
import { createMemoryStore } from '../../core/platform/shared/memory-store.ts'

test('a damaged row that cannot be set aside reads as absent, is reported once, and moves when there is room', async () => {
  const memory = createMemoryStore()
  let full = false
  const raw: Store = {
    ...memory,
    commit: async (commit) => {
      if (full && commit.put?.length) throw new MeshError('storage-full', 'There is no room.')
      return memory.commit(commit)
    },
  }
  const reported: string[] = []
  const store = createCheckedStore(raw, { onCorrupt: ({ key }) => reported.push(key) })
  const value = Uint8Array.of(1)
  await raw.commit({ put: [{ key: 'a', value: new Uint8Array(9) }] })
  full = true
  for (let i = 0; i < 3; i++) expect(await store.get(['a'])).toEqual([undefined])
  expect(await store.range({ from: 'a', to: 'b' })).toEqual([])
  await expect(
    store.commit({ expect: [{ key: 'a', value: undefined }], put: [{ key: 'a', value }] }),
  ).rejects.toMatchObject({ code: 'storage-full' })
  expect(reported).toEqual(['a'])

  full = false
  expect(
    await store.commit({ expect: [{ key: 'a', value: undefined }], put: [{ key: 'a', value }] }),
  ).toEqual({
    ok: true,
  })
  expect(await store.get(['a'])).toEqual([value])
  expect(reported).toEqual(['a'])
})

test('keys of what was set aside cannot be written', async () => {
  const store = createCheckedStore(createMemoryStore(), { onCorrupt: ({ key }) => expect.fail(key) })
  await expect(store.commit({ put: [{ key: 'aside/x', value: Uint8Array.of(1) }] })).rejects.toThrow('aside/')
})
