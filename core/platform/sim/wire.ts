// An ordered, reliable connection between two hosts: what links, tab channels and sockets are made of. It is
// reliable as SCTP and TCP are: while the path is cut nothing arrives and nobody is told; healed in time, all of
// it arrives in order; not healed, each end gives up after `failAfterMs`.

import type { Cancel } from './clock.ts'
import { between, type Death, type Host } from './host.ts'
import type { Network } from './network.ts'

export interface WireEnd<Item> {
  on: WireEvents<Item> | undefined
  readonly open: boolean
  /** Bytes given to `send` that have not left yet. */
  readonly bufferedBytes: number
  send(item: Item, bytes: number, what: string): void
  /** Ends it from here: what was sent still arrives, then the far end hears `ended`. Nothing follows at this end. */
  close(reason: string): void
  /** As `close`, and this end hears `ended` too, at once. */
  fail(reason: string): void
}

export interface WireEvents<Item> {
  item(item: Item): void
  ended(reason: string): void
  /** `bufferedBytes` is at `lowWaterBytes` or below again. */
  drained?(): void
}

export interface WireOptions {
  readonly network: Network
  /** What it is called in the trace. */
  readonly label: string
  /** False inside one browser: cuts of the network do not touch it. */
  readonly overNetwork: boolean
  readonly latency: () => number
  /** Asked for each frame. */
  readonly bytesPerMs: () => number
  readonly lowWaterBytes: number
  /** An end whose path is cut, or whose far end vanished in silence, notices after this long. */
  readonly failAfterMs: number
  /** After how long the far end is told of a death; undefined: never, it has to notice. */
  readonly deathNoticeMs: (death: Death) => number | undefined
}

type Parcel<Item> =
  { readonly item: Item; readonly bytes: number; readonly what: string } | { readonly end: string }

interface Side<Item> {
  readonly host: Host
  readonly end: WireEnd<Item>
  readonly path: Path<Item>
  events: WireEvents<Item> | undefined
  open: boolean
  /** The far end is gone, its host dead or its patience at an end, and nobody will say so. */
  orphaned: boolean
  cancelFailure: Cancel | undefined
}

/** What is on its way is lost, and each end hears `ended` after its time; undefined: never. */
type Sever = (toldMs: readonly [number | undefined, number | undefined]) => void

/** One direction. `inFlight` is first in, first out; each arrival takes the first. */
interface Path<Item> {
  readonly unsent: Parcel<Item>[]
  readonly inFlight: Parcel<Item>[]
  readonly leaving: { readonly doneAtMs: number; readonly bytes: number }[]
  bufferedBytes: number
  lineFreeAtMs: number
  lastArrivalMs: number
  /** Arrivals that came due while the path was cut. */
  missed: number
  drainScheduled: boolean
}

export function createWire<Item>(
  a: Host,
  b: Host,
  options: WireOptions,
): [WireEnd<Item>, WireEnd<Item>, Sever] {
  const { network } = options
  const { timeline } = network
  const sideA: Side<Item> = createSide(a)
  const sideB: Side<Item> = createSide(b)
  const farOf = (side: Side<Item>): Side<Item> => (side === sideA ? sideB : sideA)
  const reaches = (side: Side<Item>): boolean =>
    !options.overNetwork || network.reaches(side.host.name, farOf(side).host.name)
  const pathStands = (): boolean => reaches(sideA) && reaches(sideB)
  let severed = false

  function createSide(host: Host): Side<Item> {
    const path: Path<Item> = {
      unsent: [],
      inFlight: [],
      leaving: [],
      bufferedBytes: 0,
      lineFreeAtMs: 0,
      lastArrivalMs: 0,
      missed: 0,
      drainScheduled: false,
    }
    const end: WireEnd<Item> = {
      get on() {
        return side.events
      },
      set on(events) {
        side.events = events
      },
      get open() {
        return side.open
      },
      get bufferedBytes() {
        return buffered(path)
      },
      send: (item, bytes, what) => {
        if (!side.open || !host.alive) return
        post(side, { item, bytes, what })
        watchDrain(side)
      },
      close: (reason) => {
        if (!side.open || !host.alive) return
        closeSide(side)
        post(side, { end: reason })
      },
      fail: (reason) => {
        if (!side.open || !host.alive) return
        post(side, { end: reason })
        fail(side, reason)
      },
    }
    const side: Side<Item> = {
      host,
      end,
      path,
      events: undefined,
      open: true,
      orphaned: false,
      cancelFailure: undefined,
    }
    return side
  }

  const buffered = (path: Path<Item>): number => {
    for (
      let first = path.leaving[0];
      first !== undefined && first.doneAtMs <= timeline.now;
      first = path.leaving[0]
    ) {
      path.bufferedBytes -= first.bytes
      path.leaving.shift()
    }
    return path.bufferedBytes
  }

  const post = (side: Side<Item>, parcel: Parcel<Item>): void => {
    if ('item' in parcel) side.path.bufferedBytes += parcel.bytes
    if (severed) return
    if (!reaches(side) || side.path.unsent.length > 0) side.path.unsent.push(parcel)
    else transmit(side, parcel)
  }

  const transmit = (side: Side<Item>, parcel: Parcel<Item>): void => {
    const { path } = side
    const bytes = 'item' in parcel ? parcel.bytes : 0
    path.lineFreeAtMs = Math.max(timeline.now, path.lineFreeAtMs) + bytes / options.bytesPerMs()
    if (bytes > 0) path.leaving.push({ doneAtMs: path.lineFreeAtMs, bytes })
    path.lastArrivalMs = Math.max(path.lastArrivalMs, path.lineFreeAtMs + options.latency())
    path.inFlight.push(parcel)
    expectArrival(side, path.lastArrivalMs - timeline.now)
  }

  const expectArrival = (side: Side<Item>, delayMs: number): void => {
    const what = (): string => {
      const first = side.path.inFlight[0]
      if (first === undefined) return `${options.label} nothing`
      return 'item' in first ? `${options.label} ${first.what}` : `${options.label} ends: ${first.end}`
    }
    farOf(side).host.after(delayMs, what, () => arrive(side))
  }

  const arrive = (side: Side<Item>): void => {
    if (severed) return
    if (!reaches(side)) {
      side.path.missed++
      return
    }
    const far = farOf(side)
    const parcel = side.path.inFlight.shift()
    if (parcel === undefined || !far.open) return
    if ('item' in parcel) far.events?.item(parcel.item)
    else fail(far, parcel.end)
  }

  const watchDrain = (side: Side<Item>): void => {
    const { path } = side
    if (path.drainScheduled || buffered(path) <= options.lowWaterBytes) return
    let left = path.bufferedBytes
    const turning = path.leaving.find(({ bytes }) => (left -= bytes) <= options.lowWaterBytes)
    if (turning === undefined) return
    path.drainScheduled = true
    side.host.after(turning.doneAtMs - timeline.now, `${options.label} drained`, () => {
      path.drainScheduled = false
      if (!side.open) return
      if (buffered(path) <= options.lowWaterBytes) side.events?.drained?.()
      else watchDrain(side)
    })
  }

  const closeSide = (side: Side<Item>): void => {
    side.open = false
    side.cancelFailure?.()
    if (!sideA.open && !sideB.open) stopListening()
  }

  const fail = (side: Side<Item>, reason: string): void => {
    if (!side.open) return
    closeSide(side)
    side.events?.ended(reason)
  }

  const expectFailure = (side: Side<Item>): void => {
    if (!side.open || side.cancelFailure !== undefined) return
    const cancel = side.host.after(options.failAfterMs, `${options.label} fails`, () => {
      // A path that is back, before this end woke to notice for example, no longer leads anywhere.
      farOf(side).orphaned = true
      fail(side, 'connection lost')
    })
    side.cancelFailure = () => {
      cancel()
      side.cancelFailure = undefined
    }
  }

  /** Retransmissions take up again a while after the path is back, in the old order. */
  const takeUpAgain = (side: Side<Item>): void => {
    const { path } = side
    if (path.missed === 0 && path.unsent.length === 0) return
    timeline.at(timeline.now + between(network.random, 5, 300), () => {
      if (severed || !reaches(side)) return
      const missed = path.missed
      path.missed = 0
      for (let i = 0; i < missed; i++) expectArrival(side, 0)
      path.lastArrivalMs = Math.max(path.lastArrivalMs, timeline.now)
      for (const parcel of path.unsent.splice(0)) transmit(side, parcel)
      watchDrain(side)
    })
  }

  const onNetworkChange = (): void => {
    for (const side of [sideA, sideB]) {
      // One way cut off is enough for both ends to hear nothing back.
      if (!pathStands()) expectFailure(side)
      else if (!side.orphaned) side.cancelFailure?.()
      if (reaches(side)) takeUpAgain(side)
    }
  }

  const onDeathOf = (side: Side<Item>, death: Death): void => {
    const far = farOf(side)
    side.open = false
    side.path.unsent.length = 0
    const noticeMs = !severed && reaches(side) ? options.deathNoticeMs(death) : undefined
    if (noticeMs === undefined) {
      far.orphaned = true
      expectFailure(far)
    } else {
      const delayMs = Math.max(noticeMs, side.path.lastArrivalMs - timeline.now)
      far.host.after(delayMs, `${options.label} breaks`, () => fail(far, 'the far end is gone'))
    }
    if (!far.open) stopListening()
  }

  const sever: Sever = (toldMs) => {
    severed = true
    for (const [i, side] of [sideA, sideB].entries()) {
      const afterMs = toldMs[i]
      if (afterMs === undefined || !side.open) continue
      side.host.after(afterMs, `${options.label} broke`, () => fail(side, 'connection lost'))
    }
  }

  const stops: Cancel[] = [
    network.onChange(onNetworkChange),
    a.onDeath((death) => onDeathOf(sideA, death)),
    b.onDeath((death) => onDeathOf(sideB, death)),
  ]
  // A side that was closed may still have something on its way: a cut must be able to hold that back, but the
  // death of either host no longer matters.
  const stopListening = (): void => stops.forEach((stop) => stop())

  return [sideA.end, sideB.end, sever]
}
