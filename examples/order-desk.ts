// An app to be tested: whoever takes orders keeps each of them once, whatever happens; one peer at a time does the books.

import type { Mesh } from 'skein'

export interface OrderDesk {
  readonly orders: readonly string[]
  readonly keepsBooks: boolean
  place(order: string): Promise<void>
}

export async function openOrderDesk(mesh: Mesh): Promise<OrderDesk> {
  const orders: string[] = []
  let keepsBooks = false
  await mesh.room('orders').join()

  const take = async (): Promise<void> => {
    for await (const message of mesh.inbox<string>({ rooms: ['orders'] })) {
      orders.push(message.body)
      await message.handled()
    }
  }
  void take()

  mesh.lead('books', ({ signal }) => {
    keepsBooks = true
    signal.addEventListener('abort', () => (keepsBooks = false))
  })

  return {
    orders,
    get keepsBooks() {
      return keepsBooks
    },
    place: async (order) => void (await mesh.send('#orders', order)),
  }
}
