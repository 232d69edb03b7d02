// The highest epoch of each role, kept in the store. Tabs share a store: the greater epoch wins, never the later.

import type { Store } from './base/ports.ts'

const key = (role: string): string => `epoch/${role}`

const read = (value: Uint8Array | undefined): number => {
  const number = Number(String.fromCharCode(...(value ?? [])))
  return Number.isSafeInteger(number) ? number : 0
}
const write = (value: number): Uint8Array => Uint8Array.from(String(value), (digit) => digit.charCodeAt(0))

/** 0 where none was ever stored. */
export const readEpoch = async (store: Store, role: string): Promise<number> =>
  read((await store.get([key(role)]))[0])

/** Resolves, durably, to what is stored then: `epoch`, or what a sibling tab raised it to. */
export async function raiseEpoch(store: Store, role: string, epoch: number): Promise<number> {
  let value = (await store.get([key(role)]))[0]
  while (read(value) < epoch) {
    const result = await store.commit({
      expect: [{ key: key(role), value }],
      put: [{ key: key(role), value: write(epoch) }],
    })
    if (result.ok) return epoch
    value = result.found[0]
  }
  return read(value)
}
