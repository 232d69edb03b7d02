// The page of the link benchmark: both ends in one page, so that nothing but the way of linking differs.

import { createBrowserClock } from '../../core/platform/browser/clock.ts'
import { browserWebRtc } from '../../core/platform/browser/webrtc.ts'
import { type LinkFigures, measure, type Way } from '../link/measure.ts'

declare global {
  interface Window {
    measureLink(way: Way, connections: number): Promise<LinkFigures>
  }
}

const surroundings = {
  clock: createBrowserClock(),
  webrtc: browserWebRtc(),
  BareConnection: RTCPeerConnection,
}

window.measureLink = (way, connections) => measure(way, surroundings, connections)
