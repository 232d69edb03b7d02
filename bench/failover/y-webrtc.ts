// The named peer, side by side: two stock y-webrtc clients in the same kind of browser profiles, through the same
// signaling server. One dies; how long until the other notices?

import type { StockNews } from '../pages/y-webrtc.ts'
import { progress } from '../benchmark.ts'
import { Profile } from '../support/browser.ts'
import type { Surroundings } from '../support/flock.ts'
import { pause } from './run.ts'

export interface StockRun {
  readonly death: string
  readonly noticedMs: number
  readonly by: StockNews['by']
}

/** Two to three times what it needs for its slowest answer. */
const patienceMs = 90_000

export async function runStock(surroundings: Surroundings, runs: number): Promise<StockRun[]> {
  const results: StockRun[] = []
  for (const death of ['tab closed', 'browser SIGKILLed']) {
    for (let run = 1; run <= runs; run++) {
      const result = await runOnce(surroundings, death, `stock-${results.length}-${Date.now()}`)
      progress(`y-webrtc, ${death}, run ${run}/${runs}: ${result.noticedMs} ms`)
      results.push(result)
    }
  }
  return results
}

async function runOnce(
  { ending, pagesUrl, signalingUrl }: Surroundings,
  death: string,
  room: string,
): Promise<StockRun> {
  const news: StockNews[] = []
  let look = (): void => undefined
  const heard = (what: StockNews['what'], sinceMs: number): Promise<StockNews> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`y-webrtc never told "${what}" (${death}).`)),
        patienceMs,
      )
      look = () => {
        const found = news.find((one) => one.what === what && one.atMs >= sinceMs)
        if (!found) return
        clearTimeout(timer)
        resolve(found)
      }
      look()
    })
  const url = `${pagesUrl}/bench/pages/y-webrtc.html?${new URLSearchParams({ room, signaling: signalingUrl }).toString()}`
  const [survivor, victim] = [await Profile.launch(ending), await Profile.launch(ending)]
  await survivor.open(url, (one) => {
    news.push(one as StockNews)
    look()
  })
  const page = await victim.open(url, () => undefined)
  await heard('met', 0)
  await pause(2000)
  const struckAtMs = Date.now()
  const struck = death === 'tab closed' ? page.close({ runBeforeUnload: true }) : victim.kill()
  const { atMs, by } = await heard('gone', struckAtMs)
  await struck
  await Promise.all([survivor.close(), victim.close()])
  return { death, noticedMs: atMs - struckAtMs, by }
}
