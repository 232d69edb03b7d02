// One soak test, from the first peer to the last: calm, then churn, then calm again until all is well.

import type { Ending } from '../../bench/support/processes.ts'
import { Stage } from '../real/stage.ts'
import { calmDown } from '../real/verdict.ts'
import type { RealPeer } from '../real/real-peer.ts'
import type { SoakArguments } from './arguments.ts'
import { Churn } from './churn.ts'
import type { Soaked } from './report.ts'
import { pause, Traffic } from './traffic.ts'
import { Troupe } from './troupe.ts'
import { Watch } from './watch.ts'

const lookIntervalMs = 5_000
const agentNames = ['bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan']

export interface SoakOptions extends SoakArguments {
  readonly ending: Ending
  readonly isStopped: () => boolean
  readonly progress: (line: string) => void
}

export async function soak({ ending, isStopped, progress, ...wanted }: SoakOptions): Promise<Soaked> {
  const stage = await Stage.open('soak', ending)
  const server = await stage.serve('localhost')
  const troupe = new Troupe(stage, await hire(stage, wanted))
  stage.company.also((entry) => troupe.hear(entry))
  await Promise.all(troupe.players.map((player) => troupe.join(player)))
  await stage.company.untilAgree(
    troupe.players.map(({ peer }) => peer),
    { linked: true },
  )

  const beganMs = performance.now()
  const minutes = (): number => (performance.now() - beganMs) / 60_000
  const calmMinutes = wanted.calm ? wanted.minutes : wanted.minutes / 3
  const watch = new Watch(troupe, server)
  const churn = new Churn(stage, troupe, server)
  await watch.look()
  const before = { suspicions: watch.total('suspicions'), falseSuspicions: watch.total('falseSuspicions') }
  const traffic = new Traffic(troupe)

  const lookOn = async (isOver: () => boolean, doing: string): Promise<void> => {
    while (!isOver() && !isStopped()) {
      await pause(Math.min(lookIntervalMs, wanted.minutes * 10_000))
      await watch.look()
      progress(`${minutes().toFixed(1)} min, ${doing}: ${state(stage, troupe, watch, churn)}`)
    }
  }
  await lookOn(() => minutes() >= calmMinutes, 'undisturbed')
  const calm = {
    minutes: minutes(),
    suspicions: watch.total('suspicions') - before.suspicions,
    falseSuspicions: watch.total('falseSuspicions') - before.falseSuspicions,
  }
  const isOver = (): boolean => minutes() >= wanted.minutes || isStopped()
  const churning = churn.run(isOver)
  await lookOn(isOver, 'disturbed')
  await churning
  await traffic.end()
  progress('Everybody is back; waiting until all is well.')
  await calmDown(
    stage.company,
    stage.history,
    troupe.players.map(({ peer }) => peer),
  )
  await watch.look()
  return { history: stage.history, troupe, traffic, churn, watch, calm, minutes: minutes() }
}

async function hire(stage: Stage, { tabs, agents }: SoakArguments): Promise<RealPeer[]> {
  const peers: RealPeer[] = []
  if (tabs > 0) {
    const browser = await stage.browser('alice')
    for (let number = 1; number <= tabs; number++) peers.push(await browser.openTab(`alice${number}`))
  }
  for (let number = 0; number < agents; number++)
    peers.push(stage.agent(agentNames[number] ?? `agent${number + 1}`))
  return peers
}

function state(stage: Stage, troupe: Troupe, watch: Watch, churn: Churn): string {
  const count = (type: string): number =>
    stage.history.reduce((sum, entry) => sum + (entry.type === type ? 1 : 0), 0)
  const leader = troupe.leader()?.peer.run ?? 'none'
  return [
    `${count('stored')} messages, ${count('delivered')} delivered`,
    `leader ${leader}`,
    `${troupe.up.length} up`,
    `${churn.failovers.length} failovers`,
    `${watch.total('falseSuspicions')} false suspicions`,
    `${count('error')} errors`,
  ].join(', ')
}
