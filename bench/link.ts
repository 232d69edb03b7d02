// What simple-peer behind our Link port costs against a bare RTCPeerConnection: time to connect, a 1 KiB round trip,
// 50 MB in 16 KiB frames. In Chromium and in Node, both ends in one program. For docs/adr/001.

import { chromium } from '@playwright/test'
import { createNodeClock } from '../core/platform/node/clock.ts'
import { loadNodeWebRtc } from '../core/platform/node/webrtc.ts'
import { chromiumFlags, findChromium } from '../scripts/find-chromium.ts'
import { type BenchmarkOptions, type Outcome, progress } from './benchmark.ts'
import { type BareConnection, type LinkFigures, measure, type Way } from './link/measure.ts'
import { summarize } from './statistics.ts'
import { serveBuiltPages } from './support/pages.ts'
import { createEnding } from './support/processes.ts'

export const about = 'simple-peer behind our Link port against a bare RTCPeerConnection'

const ways: readonly Way[] = ['bare', 'ours', 'bare', 'ours']

export async function run(options: BenchmarkOptions): Promise<Outcome> {
  const inChromium = await runInChromium(options.runs)
  const inNode = await runInNode(options.runs)
  const rows = [...inChromium.map(rowOf('Chromium')), ...inNode.map(rowOf('Node'))]
  return {
    tables: [
      {
        title: 'One link, both ends in one program',
        columns: ['where', 'way', 'connect ms p50', 'p95', 'failed', 'round trip ms p50', 'p95', 'MB/s'],
        rows,
      },
    ],
    notes: [`Each way twice, ${options.runs} connections, 500 round trips of 1 KiB, 50 MB in 16 KiB frames.`],
    data: { inChromium, inNode },
    ok: [...inChromium, ...inNode].every(({ way, failed }) => way === 'bare' || failed === 0),
  }
}

async function runInChromium(connections: number): Promise<LinkFigures[]> {
  const ending = createEnding()
  try {
    const pagesUrl = await serveBuiltPages(ending)
    const executablePath = findChromium()
    const browser = await chromium.launch({
      args: [...chromiumFlags],
      ...(executablePath === undefined ? {} : { executablePath }),
    })
    ending.add(() => browser.close())
    const figures: LinkFigures[] = []
    for (const way of ways) {
      progress(`link: Chromium, ${way}`)
      const page = await browser.newPage()
      await page.goto(`${pagesUrl}/bench/pages/link.html`)
      await page.waitForFunction(() => 'measureLink' in window)
      figures.push(
        await page.evaluate(([which, n]) => window.measureLink(which, n), [way, connections] as const),
      )
      await page.close()
    }
    return figures
  } finally {
    await ending.all()
  }
}

async function runInNode(connections: number): Promise<LinkFigures[]> {
  const { RTCPeerConnection: Bare } = await import('node-datachannel/polyfill')
  const surroundings = {
    clock: createNodeClock(),
    webrtc: await loadNodeWebRtc(),
    BareConnection: Bare as unknown as BareConnection,
  }
  const figures: LinkFigures[] = []
  for (const way of ways) {
    progress(`link: Node, ${way}`)
    figures.push(await measure(way, surroundings, connections))
  }
  return figures
}

const rowOf =
  (where: string) =>
  ({ way, connectMs, failed, roundTripMs, megabytesPerSecond }: LinkFigures): (string | number)[] => {
    const connect = summarize(connectMs)
    const roundTrip = summarize(roundTripMs)
    return [
      where,
      way,
      (connect?.p50 ?? NaN).toFixed(0),
      (connect?.p95 ?? NaN).toFixed(0),
      failed,
      (roundTrip?.p50 ?? NaN).toFixed(2),
      (roundTrip?.p95 ?? NaN).toFixed(2),
      megabytesPerSecond.toFixed(0),
    ]
  }
