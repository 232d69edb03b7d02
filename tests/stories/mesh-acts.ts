// What can be told to happen to peers and to their world in a story, and how it is done.

import type { DutyContext } from '../../core/api.ts'
import { neverMet } from '../sim/hearsay.ts'
import { server, type ActorOptions } from '../sim/mesh-world.ts'
import { forge, forgedFrame, forgeEntry } from './mesh-forged.ts'
import type { Act, MeshStage, Player } from './mesh-stage.ts'
import { sayOver } from './mesh-tap.ts'
import { durationMs } from './story.ts'

/** How somebody joins, in words. */
const manners: readonly (readonly [
  form: RegExp,
  option: (words: string) => ActorOptions & { skewMs?: number },
])[] = [
  [/ with priority (-?\d+)/, (priority) => ({ priority: Number(priority) })],
  [/ as no candidate/, () => ({ candidate: false })],
  [/ in memory/, () => ({ store: 'memory' })],
  [/ in browser (\w+)/, (browser) => ({ browser })],
  [/ without a server/, () => ({ signaling: [] })],
  [/ with (?:its|the) clock (.+ (?:ms|s|min|h|days?)) ahead/, (ahead) => ({ skewMs: durationMs(ahead) })],
]

async function start(stage: MeshStage, name: string, how: string): Promise<void> {
  let rest = how
  let options: ActorOptions & { skewMs?: number } = {}
  for (const [form, option] of manners) {
    const match = form.exec(rest)
    if (!match) continue
    rest = rest.replace(match[0], '')
    options = { ...options, ...option(match[1] ?? '') }
  }
  if (rest !== '') throw new Error(`nobody knows how to join${rest}`)
  const { browser, store, skewMs = 0 } = options
  const process = stage.world.platform({
    name,
    wallSkewMs: skewMs,
    ...(browser !== undefined && { browser }),
    ...(store && { store }),
  })
  await stage.start(name, options, process)
}

/** Everybody awake has found a place, is linked with all others and agrees who leads. */
async function untilSettled(stage: MeshStage): Promise<void> {
  const awake = stage.awake()
  const isSettled = (): boolean =>
    new Set(awake.map(({ mesh }) => `${mesh.leader?.id} ${mesh.epoch}`)).size === 1 &&
    awake.every(
      ({ mesh }) =>
        mesh.leader !== undefined &&
        mesh.others.size === awake.length - 1 &&
        mesh.status().links.length === awake.length - 1 &&
        [...mesh.peers.values()].every(({ seniority }) => seniority !== undefined),
    )
  await stage.world.until(isSettled, { withinMs: 120_000, what: 'all know one another' })
}

function lead(stage: MeshStage, player: Player, role: string): void {
  const name = role === '' ? '' : ` of ${role}`
  const duty = (context: DutyContext): Promise<void> => {
    const { epoch, signal } = context
    if (role === '') player.duty = context
    stage.write('duty', () => `${player.name}: duty${name} starts, epoch ${epoch}`)
    signal.addEventListener('abort', () => stage.write('duty', () => `${player.name}: duty${name} stops`))
    return new Promise(() => undefined)
  }
  player.running.set(role, role === '' ? player.mesh.lead(duty) : player.mesh.lead(role, duty))
}

/** From now on it counts as one of a larger mesh: a neighbour tells it of peers that nobody ever meets. */
function hearOfOthers(stage: MeshStage, count: number): void {
  const players = stage.awake()
  const records = neverMet(
    count,
    players.map(({ mesh }) => mesh.me.id),
  )
  for (const record of records) stage.names.learn(record)
  for (const { name, links } of players) {
    const teller = players.find(({ mesh }) => mesh.me.id === links.at(-1)!.remote)!
    const payload = { type: 'records', records } as const
    sayOver(stage.linkBetween(teller.name, name), { type: 'direct', payload })
  }
}

/** Coming and going, the world, leading, disks, and hostile peers. */
export const acts: readonly Act[] = [
  // ------------------------------------------------------------------------------------- coming and going
  [/^(\S+) starts(.*)$/, (stage, name, how) => start(stage, name, how)],
  [
    /^(.+?) joins?( .*)?$/,
    async (stage, who, how) => {
      for (const name of who.split(/, | and /)) {
        await start(stage, name, how)
        await untilSettled(stage)
      }
      // Their profiles travel as messages do.
      await stage.world.run(1_000)
    },
  ],
  [/^all know one another$/, untilSettled],
  [
    /^(\S+) comes back$/,
    async (stage, who) => {
      const { tapped, options } = stage.player(who)
      await stage.start(who, options, tapped.restart())
    },
  ],
  [
    /^(\S+) leaves$/,
    async (stage, who) => {
      const { mesh, tapped } = stage.player(who)
      await stage.world.finish(mesh.leave())
      tapped.kill()
    },
  ],
  [
    /^the one that (\S+) fetches from is killed$/,
    (stage, who) => {
      const [, source] = stage.lastMatch(new RegExp(`^${who} -> (\\S+): docWant`))
      stage.player(source!).tapped.kill()
    },
  ],
  [/^(\S+) is killed$/, (stage, who) => stage.player(who).tapped.kill()],
  [
    /^(\S+) is killed and the system closes its sockets$/,
    (stage, who) => stage.player(who).tapped.kill({ links: 'down' }),
  ],
  [/^(\S+) freezes$/, (stage, who) => stage.player(who).tapped.freeze()],
  [/^(\S+) wakes$/, (stage, who) => stage.player(who).tapped.wake()],
  [/^(\S+) is put aside$/, (stage, who) => stage.player(who).tapped.suspend()],
  [/^(\S+) is taken up again$/, (stage, who) => stage.player(who).tapped.resume()],
  [/^(\S+) is hidden$/, (stage, who) => stage.player(who).tapped.hide()],
  [/^(\S+) is shown$/, (stage, who) => stage.player(who).tapped.show()],

  // -------------------------------------------------------------------------------------------- the world
  [/^wait (.+)$/, (stage, time) => stage.world.run(durationMs(time))],
  [
    /^until (.+)$/,
    async (stage, words) => {
      if (words.includes(':'))
        return await stage.world.until(stage.watchFor(words), { withinMs: 300_000, what: words })
      for (let i = 0; !(await stage.holds(words)); i++) {
        if (i === 3_000)
          throw new Error(
            `this never came to be so: ${words}\n${stage.world.trace.lines.slice(-20).join('\n')}`,
          )
        await stage.world.run(100)
      }
    },
  ],
  [
    /^cut (\S+) from (.+)$/,
    (stage, a, b) =>
      b.split(/, | and /).forEach((each) => stage.world.cut(a, each === 'server' ? server : each)),
  ],
  [/^mend (\S+) and (\S+)$/, (stage, a, b) => stage.world.heal(a, b === 'server' ? server : b)],
  [
    /^partition (.+)$/,
    (stage, groups) =>
      stage.world.partition(
        groups
          .split(' | ')
          .map((group) => group.split(/, | and /).map((each) => (each === 'server' ? server : each))),
      ),
  ],
  [/^heal$/, (stage) => stage.world.heal()],
  [
    /^the server (hides everybody|tells the truth)$/,
    (stage, what) => stage.world.server(server).lie(what === 'tells the truth' ? {} : { hide: 99 }),
  ],
  [
    /^the server (stops|starts)$/,
    (stage, what) => stage.world.server(server)[what === 'stops' ? 'stop' : 'start'](),
  ],
  [
    /^lose (?:the next |(\d+) )?(\w+) from (\S+) to (\S+)$/,
    (stage, count, kind, from, to) => {
      stage.losses.push({ kind: kind!, from: from!, to: to!, left: count === '' ? 1 : Number(count) })
    },
  ],
  [/^lose nothing more$/, (stage) => void stage.losses.splice(0)],
  [
    /^the link between (\S+) and (\S+) breaks$/,
    (stage, a, b) => {
      stage.linkBetween(a, b).fail('broken by the story')
    },
  ],

  // --------------------------------------------------------------------------------------------- leading
  [/^(.+?) takes? the duty$/, (stage, who) => stage.named(who).forEach((player) => lead(stage, player, ''))],
  [
    /^(.+?) stands? for (\w+)$/,
    (stage, who, role) => stage.named(who).forEach((player) => lead(stage, player, role!)),
  ],
  [
    /^(\S+) stops standing for (\w+)$/,
    async (stage, who, role) => stage.world.finish(stage.player(who).running.get(role!)!.stop()),
  ],
  [
    /^(\S+) takes a token as (\w+)$/,
    (stage, who, label) => void stage.tokens.set(label!, stage.player(who).duty!.token()),
  ],
  [
    /^the fence is shown (\w+)$/,
    (stage, label) => {
      const token = stage.tokens.get(label)!
      const verdict = stage.fence.admit(token) ? 'admits' : 'refuses'
      const whose = stage.names.peer(token.leader)
      stage.write('fence', () => `fence: ${verdict} ${whose}'s epoch ${token.epoch}, number ${token.n}`)
    },
  ],
  [
    /^(\S+) is given priority (-?\d+)$/,
    async (stage, who, priority) =>
      stage.world.finish(stage.player(who).mesh.configure({ priority: Number(priority) })),
  ],

  // ----------------------------------------------------------------------------------------------- disks
  [/^(\S+)'s disk is full$/, (stage, who) => void (stage.diskOf(who).failing = 'storage-full')],
  [/^(\S+)'s disk fails$/, (stage, who) => void (stage.diskOf(who).failing = 'storage-failed')],
  [/^(\S+)'s disk works again$/, (stage, who) => void (stage.diskOf(who).failing = undefined)],
  [/^(\S+)'s disk is wiped$/, (stage, who) => stage.diskOf(who).wipe()],
  [/^a copy of (\S+)'s disk is kept$/, (stage, who) => void stage.copies.set(who, stage.diskOf(who).image())],
  [/^(\S+)'s disk is put back$/, (stage, who) => stage.diskOf(who).restore(stage.copies.get(who)!)],
  [/^(\S+)'s disk is cloned for (\S+)$/, (stage, who, copy) => stage.world.cloneDisk(who, copy!)],
  [
    /^a bit flips on (\S+)'s disk in entry (\d+) of (\S+)$/,
    (stage, who, number, of) => {
      const feed = stage.names.storeNamed(of!)
      stage.diskOf(who).corrupt(`feed/${feed}/${number!.padStart(12, '0')}`)
    },
  ],
  [
    /^a bit flips on (\S+)'s disk in the first row of (\w+)$/,
    (stage, who, doc) => {
      const disk = stage.diskOf(who)
      disk.corrupt(disk.keys().find((key) => key.startsWith(`doc/${doc}/`))!)
    },
  ],

  // ---------------------------------------------------------------------------------------------- hearsay
  [/^all hear of (\d+) others$/, (stage, count) => hearOfOthers(stage, Number(count))],

  // --------------------------------------------------------------------------------------------- hostile
  [
    /^(\S+) says garbage to (\S+)$/,
    (stage, who, to) => {
      stage.write('says', () => `${who} -> ${to}: says garbage`)
      stage.linkBetween(who, to).send(Uint8Array.of(6, 255, 1, 2, 3))
    },
  ],
  [
    /^(\S+) says to (\S+): an entry that (\S+) (did not sign|signed astray)$/,
    async (stage, who, to, author, how) => {
      const entry = await forgeEntry(stage, author!, how === 'did not sign' ? 'unsigned' : 'astray')
      const payload = { type: 'entries', entries: [entry] } as const
      sayOver(stage.linkBetween(who, to!), {
        type: 'broadcast',
        origin: stage.peerId(who),
        sequence: 900_000 + stage.lines.length,
        payload,
      })
    },
  ],
  [
    /^(\S+) says to (\S+): a frame with (.+)$/,
    (stage, who, to, what) => {
      stage.write('says', () => `${who} -> ${to}: says a frame with ${what}`)
      stage.linkBetween(who, to).send(forgedFrame(what!))
    },
  ],
  [
    /^(\S+) says to (\S+): (.+)$/,
    (stage, who, to, what) => {
      // What a story makes somebody say arrives, whatever else it loses.
      const losses = stage.losses.splice(0)
      sayOver(stage.linkBetween(who, to), forge(stage, who, to, what!))
      stage.losses.push(...losses)
    },
  ],
]
