// A tab under measurement: joins as its address says and tells its news to the benchmark.

import { joinMesh, type MeshOptions } from 'skein'
import { type News, tellNews } from '../support/news.ts'
import { type Call, callTool, createTools } from '../support/tools.ts'
import { watchEvidence } from './evidence.ts'

declare global {
  interface Window {
    /** Given by the benchmark. */
    tellBenchmark(news: unknown): Promise<void>
    callTool?: (call: Call) => unknown
    /** How long the page ever stood still, as its own timer saw it. */
    longestPauseMs?: number
  }
}

const tell = (news: News): void => void window.tellBenchmark(news)

watchEvidence((kind) => tell({ type: 'evidence', atMs: Date.now(), kind }))

let lastMs = Date.now()
window.longestPauseMs = 0
setInterval(() => {
  window.longestPauseMs = Math.max(window.longestPauseMs ?? 0, Date.now() - lastMs)
  lastMs = Date.now()
}, 50)

const options = JSON.parse(new URLSearchParams(location.search).get('options')!) as MeshOptions
const mesh = await joinMesh(options)
const tools = createTools(mesh, () => Promise.resolve(RTCPeerConnection))
window.callTool = (call) => callTool(tools, call)
tellNews(mesh, tell)
