// Sends messages and times them, where the sender runs: a page or an agent. Durations are of the sender's monotonic
// clock; arrivals compare the wall clocks of two processes of one machine.

import type { Mesh, MessageId } from 'skein'

export interface Exchange {
  /** One after another. Milliseconds from the call of send() until it was stored, and until it was delivered. */
  latency(to: string, count: number): Promise<{ storedMs: number[]; deliveredMs: number[] }>
  /** Keeps `window` messages under way. @returns milliseconds until the last was delivered */
  throughput(to: string, count: number, window: number): Promise<number>
  /** For each message that arrived here since the last question: ms from its author's send() until the event. */
  arrivals(): number[]
}

export function createExchange(mesh: Mesh): Exchange {
  const arrived: number[] = []
  mesh.on('message', ({ from, body }) => {
    const sentAtMs = (body as { sentAtMs?: number } | null)?.sentAtMs
    if (from !== mesh.me.member && sentAtMs !== undefined) arrived.push(Date.now() - sentAtMs)
  })

  const send = async (to: string, number: number): Promise<{ id: MessageId; delivered(): Promise<void> }> =>
    mesh.send(to as `@${string}`, { sentAtMs: Date.now(), number, text: 'x'.repeat(100) })

  return {
    async latency(to, count) {
      const storedMs: number[] = []
      const deliveredMs: number[] = []
      for (let number = 0; number < count; number++) {
        const beganMs = performance.now()
        const sent = await send(to, number)
        storedMs.push(performance.now() - beganMs)
        await sent.delivered()
        deliveredMs.push(performance.now() - beganMs)
      }
      return { storedMs, deliveredMs }
    },
    async throughput(to, count, window) {
      const beganMs = performance.now()
      let next = 0
      const worker = async (): Promise<void> => {
        while (next < count) await (await send(to, next++)).delivered()
      }
      await Promise.all(Array.from({ length: window }, worker))
      return performance.now() - beganMs
    },
    arrivals: () => arrived.splice(0),
  }
}
