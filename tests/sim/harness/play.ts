// Plays a schedule in a world of its own: trouble first, then calm until all is well or the time for it is over, then
// a while of rest, and a last look at everything. What comes out is the history, for the checkers.

import { createWorld, type World } from '../../../core/platform/sim/world.ts'
import { Attackers } from './attackers.ts'
import { Cast } from './cast.ts'
import { unsettled } from './checkers/settled.ts'
import { rooms } from './generate.ts'
import { createHistory, type History } from './history.ts'
import { Nemesis } from './nemesis.ts'
import { Probes } from './probes.ts'
import { isFault, type Schedule } from './schedule.ts'

export interface Played {
  readonly history: History
  readonly traceHash: string
  readonly traceLines: readonly string[]
  readonly events: number
  readonly virtualMs: number
}

export interface PlayOptions {
  readonly onTrace?: ((line: string) => void) | undefined
}

/** How often documents and claims are looked at, leaders act, and it is asked whether all is well. */
const lookEveryMs = 50
const actEveryMs = 400
const askEveryMs = 500
/** Of one peer, in that time. The most that was seen is 1,100, in a flood of garbage among 17. */
const stormEvents = 4_000
/** From when on no fault is left until all must be well. */
const settleWithinMs = 300_000
/** What follows is watched for so long: nothing may happen any more. */
const restMs = 40_000
const warmUpMs = 2_000

export async function play(schedule: Schedule, options: PlayOptions = {}): Promise<Played> {
  const { onTrace } = options
  const { seed, latencyMs } = schedule
  const network = latencyMs && { latencyMs: { from: latencyMs[0], to: latencyMs[1] } }
  const world = createWorld({
    seed,
    maxTraceLines: 200,
    ...(network && { network }),
    ...(onTrace && { onTrace }),
  })
  for (const url of schedule.servers) world.server(url)
  const history = createHistory(
    () => world.now,
    (entry) => probes.see(entry),
  )
  const { add } = history
  const probes: Probes = new Probes(world, schedule, add)
  const cast: Cast = new Cast({
    world,
    schedule,
    add,
    isDown: (name) => nemesis.isDown(name),
    isAsleep: (name) => nemesis.isAsleep(name),
  })
  const attackers = new Attackers(world, schedule, (peer) => add({ type: 'stranger', peer }))
  const nemesis: Nemesis = new Nemesis(
    world,
    schedule,
    {
      processOf: (name) => cast.processOf(name),
      kill: (name, links) => {
        cast.kill(name, links)
        probes.record(name)
      },
      revive: (name) => cast.revive(name),
      woke: (name) => cast.woke(name),
      attack: (name, kind, sent) => attackers.attack(name, kind, sent),
      visit: (name) => attackers.visit(name),
      insist: (what, tell) => attackers.insist(what, tell),
    },
    add,
  )
  schedule.steps.forEach(({ atMs, act }, index) =>
    world.at(atMs, `step ${index} ${act.type}`, () => {
      if (isFault(act)) nemesis.begin(index, act)
      else cast.play(act)
    }),
  )
  const stage: Stage = { world, cast, probes, schedule, history }
  const calmDown = (): void => {
    nemesis.calm()
    attackers.end()
    cast.gather()
    add({ type: 'calm' })
  }
  try {
    await trouble(stage)
    calmDown()
    await calm(stage)
    await lastLook(stage)
  } catch (problem) {
    if (!(problem instanceof Storm)) throw problem
  }
  return {
    history,
    traceHash: world.trace.hash,
    traceLines: world.trace.lines,
    events: world.trace.count,
    virtualMs: world.now,
  }
}

interface Stage {
  readonly world: World
  readonly cast: Cast
  readonly probes: Probes
  readonly schedule: Schedule
  readonly history: History
}

/** As much is never going on while a mesh works: what breeds without end would fill the machine. */
class Storm extends Error {}

/** In steps so short that a storm is seen before it has grown. */
async function look({ world, schedule, history }: Stage, untilMs: number): Promise<void> {
  const [fromMs, before] = [world.now, world.trace.count]
  while (world.now < untilMs) {
    await world.run(Math.min(lookEveryMs / 10, untilMs - world.now))
    const events = world.trace.count - before
    if (events <= stormEvents * schedule.cast.length) continue
    history.add({ type: 'storm', events, ms: world.now - fromMs })
    throw new Storm()
  }
}

/** Lets time pass, in steps as short as what is watched for. */
async function pass(stage: Stage, ms: number): Promise<void> {
  const { world, cast, probes } = stage
  const endMs = world.now + ms
  while (world.now < endMs) {
    await look(stage, Math.min(world.now + lookEveryMs, endMs))
    cast.look()
    probes.look()
    if (Math.floor(world.now / actEveryMs) !== Math.floor((world.now - lookEveryMs) / actEveryMs)) cast.act()
  }
}

async function trouble(stage: Stage): Promise<void> {
  const lastMs = Math.max(0, ...stage.schedule.steps.map(({ atMs }) => atMs))
  await pass(stage, lastMs + warmUpMs)
}

async function calm(stage: Stage): Promise<void> {
  const { world, cast, history } = stage
  const deadlineMs = world.now + settleWithinMs
  for (;;) {
    await pass(stage, askEveryMs)
    // A kill that was planned for the end of a commit may come when all is over.
    cast.gather()
    const observed = cast.recorders.map((recorder) => recorder.observe())
    const waitingFor = unsettled(history.entries, observed, cast.size)
    if (waitingFor.length === 0 || world.now >= deadlineMs) {
      history.add({ type: 'settled', inTime: waitingFor.length === 0, waitingFor })
      break
    }
  }
  // Reading finds damage, which is mended meanwhile.
  await readHistories(stage)
  const eventsBefore = world.trace.count
  await pass(stage, restMs)
  const eventsPerSecond = (world.trace.count - eventsBefore) / (restMs / 1_000)
  history.add({ type: 'rate', eventsPerSecond, peers: cast.recorders.length })
}

async function lastLook(stage: Stage): Promise<void> {
  for (const recorder of stage.cast.recorders) recorder.observe()
  await readHistories(stage)
  stage.probes.record()
  stage.history.add({ type: 'over' })
}

async function readHistories({ world, cast, schedule }: Stage): Promise<void> {
  const labels = [...new Set(schedule.cast.map(({ label }) => label))].slice(0, 8)
  const conversations = [
    ...rooms.map((room) => `#${room}` as const),
    ...labels.map((label) => `@${label}` as const),
  ]
  const reading = cast.recorders.flatMap((recorder) => conversations.map((of) => recorder.readHistory(of)))
  await world.finish(Promise.all(reading))
}
