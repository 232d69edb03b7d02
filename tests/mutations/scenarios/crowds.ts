// Meshes of more peers than a peer keeps links. A few peers play; of the others they only hear, told on the stage of the stories.

import { acts } from '../../stories/mesh-acts.ts'
import { programActs } from '../../stories/mesh-program-acts.ts'
import { MeshStage } from '../../stories/mesh-stage.ts'
import { states } from '../../stories/mesh-states.ts'
import { demand, eventually } from './complaint.ts'
import type { Scenario } from './scenarios.ts'

const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']

async function tell(seed: number, ...words: readonly string[]): Promise<MeshStage> {
  const stage = new MeshStage(seed, [...acts, ...programActs], states)
  for (const each of words) await stage.act(each)
  return stage
}

/** Six who count as a part of a larger mesh, and listen to casts. */
const crowd = (seed: number): Promise<MeshStage> =>
  tell(
    seed,
    `${names.join(', ')} join`,
    'all listen to news',
    'wait 5 s',
    'all hear of 16 others',
    'wait 4 s',
  )

const heard = (stage: MeshStage, name: string): boolean =>
  stage.lines.some(({ words }) => words.startsWith(`${name}: heard`))

/** Everything of these kinds that others have for that peer is lost. */
async function keepFrom(stage: MeshStage, name: string, kinds: readonly string[]): Promise<void> {
  for (const other of names)
    for (const kind of kinds) if (other !== name) await stage.act(`lose 999 ${kind} from ${other} to ${name}`)
}

export const crowdScenarios: readonly Scenario[] = [
  {
    name: 'a broadcast in a crowd',
    play: async () => {
      const stage = await crowd(2221)
      const before = stage.lines.length
      await stage.act('alice casts "hi" on news')
      await stage.act('wait 500 ms')
      const missed = names.slice(1).filter((name) => !heard(stage, name))
      demand(missed.length === 0, 'in a larger mesh a broadcast comes only when it is offered', missed.join())
      const sent = stage.lines.slice(before).filter(({ kind }) => kind === 'cast').length
      // Six that draw two each use twelve links at most; who passes it on leaves out the one it came from.
      const most = 2 * 12 - (names.length - 1)
      demand(sent <= most, 'in a larger mesh a broadcast goes over every link', `${sent} casts`)
    },
  },
  {
    name: 'the sources of two die',
    play: async () => {
      const stage = await crowd(2222)
      const spares = (a: string, b: string): boolean =>
        stage.lines.some(({ words }) => words.startsWith(`${a} -> ${b}: share`))
      const pairs = names.flatMap((a) => names.filter((b) => a < b).map((b) => [a, b] as const))
      const [a, b] = pairs.find(([one, other]) => spares(one, other) && spares(other, one))!
      for (const name of names) if (name !== a && name !== b) await stage.act(`${name} is killed`)
      await stage.act('wait 6 s')
      await stage.act(`${a} casts "hi" on news`)
      await stage.act('wait 500 ms')
      demand(heard(stage, b), 'in a larger mesh who lost its sources takes broadcasts from nobody')
    },
  },
  {
    name: 'what one of a crowd was not told',
    play: async () => {
      const cuts = ['server', 'erin', 'frank'].map((other) => `cut dave from ${other}`)
      const stage = await tell(2223, 'alice, bob, carol and dave join', ...cuts, 'erin starts', 'wait 40 s')
      await stage.act('all hear of 16 others')
      await keepFrom(stage, 'dave', ['gone', 'suspect', 'record', 'records'])
      await stage.act('erin leaves')
      await stage.act('frank starts')
      await stage.act('wait 6 s')
      const knows = (name: string): Promise<boolean> => stage.holds(`dave knows ${name}`)
      if (!(await knows('erin')) || (await knows('frank'))) throw new Error('dave was told')
      await stage.act('lose nothing more')
      const { mesh } = stage.player('dave')
      const gone = 'in a larger mesh who missed a goodbye never hears of it'
      const isTold = (name: string, is: boolean) => (): boolean => mesh.others.has(stage.peerId(name)) === is
      await eventually(stage.world, 25_000, gone, isTold('erin', false))
      const came = 'in a larger mesh who missed a newcomer never hears of it'
      await eventually(stage.world, 10_000, came, isTold('frank', true))
    },
  },
  {
    name: 'one of a crowd falls silent',
    play: async () => {
      const stage = await tell(
        2224,
        'alice, bob, carol, dave and erin join',
        'wait 40 s',
        'all hear of 16 others',
        'wait 20 s',
      )
      await stage.act('dave freezes')
      const others = ['alice', 'bob', 'carol', 'erin'].map((name) => stage.player(name).mesh)
      const dave = stage.peerId('dave')
      const isGone = (): boolean => others.every((mesh) => !mesh.others.has(dave))
      await eventually(stage.world, 8_500, 'in a larger mesh a silent peer is found out late', isGone)
    },
  },
  {
    name: 'two of a crowd open a document at once',
    play: async () => {
      const stage = await tell(2225, 'alice, bob and carol join', 'all hear of 16 others', 'wait 1 s')
      // Whether it has documents open each says with its next record.
      for (const name of ['alice', 'bob', 'carol']) await stage.act(`${name} is given priority 0`)
      await stage.act('wait 2 s')
      await stage.act('alice and bob open notes')
      await stage.act('wait 3 s')
      await stage.act('alice types "hi" in notes')
      await stage.act('wait 1 s')
      const isThere = await stage.holds('notes reads "hi" at bob')
      demand(isThere, 'in a larger mesh two that open a document at once do not share it')
    },
  },
]
