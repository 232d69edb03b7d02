// What the programs of a story do with their mesh: messages, casts, documents.

import type { DocHandle } from '../../core/api.ts'
import type { MeshError } from '../../core/base/errors.ts'
import type { Address } from '../../core/base/ids.ts'
import { type Act, type MeshStage, type Player, shown } from './mesh-stage.ts'
import { durationMs } from './story.ts'

const docOf = (player: Player, name: string): DocHandle => {
  const handle = player.docs.get(name)
  if (!handle) throw new Error(`${player.name} has not opened ${name}`)
  return handle
}

const addressOf = (stage: MeshStage, words: string): Address =>
  words.startsWith('member ') ? stage.player(words.slice(7)).mesh.me.member : (words as Address)

/** Takes what comes off the inbox, as a program does; `handled` where it says so. */
function readInbox(stage: MeshStage, player: Player, handles: boolean): void {
  const loop = async (): Promise<void> => {
    for await (const message of player.mesh.inbox()) {
      stage.write('inbox', () => `${player.name}: inbox ${shown(message.body)}, attempt ${message.attempt}`)
      player.taken.push(message)
      if (handles) await message.handled()
    }
  }
  loop().catch((problem: unknown) =>
    stage.write('error', () => `${player.name}: error of the loop ${String(problem)}`),
  )
}

async function openDoc(stage: MeshStage, player: Player, name: string, maxBytes?: number): Promise<void> {
  const handle = await stage.world.finish(player.mesh.doc(name, maxBytes === undefined ? {} : { maxBytes }))
  player.docs.set(name, handle)
  const say = (kind: string, words: () => string): void =>
    stage.write(kind, () => `${player.name}: ${words()}`)
  handle.on('state', (state) => say('doc', () => `doc ${name} ${state}`))
  handle.on('stored', () => say('stored', () => `stored ${name}`))
  handle.awareness.on('change', ({ added, updated, removed }: Record<string, number[]>) => {
    const states = handle.awareness.getStates()
    for (const client of [...added!, ...updated!]) {
      const words = JSON.stringify(states.get(client))
      const brief = words.length > 60 ? `${words.slice(0, 20)}…` : words
      if (words !== '{}') say('awareness', () => `awareness in ${name}: ${brief}`)
    }
    for (const _ of removed!) say('awareness', () => `awareness in ${name}: somebody gone`)
  })
}

/** Text that no encoding shortens. */
const bulk = (kib: number): string =>
  Array.from({ length: kib * 1024 }, (_, i) => String.fromCharCode(97 + ((i * 7 + (i >> 5)) % 26))).join('')

export const programActs: readonly Act[] = [
  // -------------------------------------------------------------------------------------------- messages
  [
    /^(\S+) sends "(.*)" and (\S+) sends "(.*)" to (\S+) at once$/,
    async (stage, a, textA, b, textB, to) => {
      const sends = [
        stage.player(a).mesh.send(addressOf(stage, to!), textA!),
        stage.player(b!).mesh.send(addressOf(stage, to!), textB!),
      ]
      for (const send of sends) await stage.world.finish(send)
    },
  ],
  [
    /^(\S+) sends "(.*)" to (.+?)(?: for (.+))?(?: as (\S+))?$/,
    async (stage, who, text, to, ttl, id) => {
      const { mesh } = stage.player(who)
      const options = { ...(ttl && { ttlMs: durationMs(ttl) }), ...(id && { id }) }
      try {
        const sent = await stage.world.finish(mesh.send(addressOf(stage, to!), text!, options))
        stage.bodies.set(sent.id, shown(text))
        stage.write('message', () => `${who}: message "${text}" is stored`)
        sent.delivered().then(
          () => stage.write('receipt', () => `${who}: receipt "${text}" delivered`),
          (problem: MeshError) => stage.write('receipt', () => `${who}: receipt "${text}" ${problem.code}`),
        )
      } catch (problem) {
        stage.write('error', () => `${who}: error ${(problem as MeshError).code}`)
      }
    },
  ],
  [
    /^(\S+) sends (\d+) messages to (\S+)$/,
    async (stage, who, count, to) => {
      const { mesh } = stage.player(who)
      const sends = Array.from({ length: Number(count) }, (_, i) =>
        mesh.send(addressOf(stage, to!), `m${i + 1}`),
      )
      for (const send of sends) await stage.world.finish(send)
    },
  ],
  [
    /^(\S+) looks into (#\w+)$/,
    async (stage, who, room) =>
      void (await stage.world.finish(stage.player(who).mesh.history(room as `#${string}`))),
  ],
  [
    /^(.+?) enters? #(\w+)$/,
    async (stage, who, room) => {
      for (const { mesh } of stage.named(who)) await stage.world.finish(mesh.room(room!).join())
      await stage.world.run(500)
    },
  ],
  [
    /^(\S+) dials (\S+) once more$/,
    (stage, who, to) => stage.player(who).tapped.connector.dial(stage.peerId(to), 'e'.repeat(32)),
  ],
  [
    /^(.+?) handles? the inbox$/,
    (stage, who) => stage.named(who).forEach((player) => readInbox(stage, player, true)),
  ],
  [
    /^(.+?) takes? the inbox$/,
    (stage, who) => stage.named(who).forEach((player) => readInbox(stage, player, false)),
  ],
  [
    /^(\S+) handles "(.*)"$/,
    async (stage, who, text) =>
      stage.world.finish(
        stage
          .player(who)
          .taken.find(({ body }) => body === text)!
          .handled(),
      ),
  ],
  [
    /^(\S+) retries "(.*)" after (.+)$/,
    async (stage, who, text, delay) => {
      const message = stage.player(who).taken.find(({ body }) => body === text)!
      await stage.world.finish(message.retry({ delayMs: durationMs(delay!) }))
    },
  ],
  [
    /^(.+?) listens? to (\w+)$/,
    (stage, who, topic) => {
      for (const { mesh, name } of stage.named(who)) {
        mesh.onCast(topic!, ({ from, body }) =>
          stage.write('heard', () => `${name}: heard ${shown(body)} from ${from.name}`),
        )
      }
    },
  ],
  [
    /^(\S+) casts "(.*)" on (\w+)(?: to (\S+))?$/,
    (stage, who, text, topic, to) => {
      const { mesh } = stage.player(who)
      if (to) mesh.cast(topic!, text!, { to: stage.peerId(to) })
      else mesh.cast(topic!, text!)
    },
  ],
  [
    /^(\S+) casts (\d+) times (\d+) KiB on (\w+)$/,
    (stage, who, count, kib, topic) => {
      const body = bulk(Number(kib))
      for (let i = 0; i < Number(count); i++) stage.player(who).mesh.cast(topic!, body)
    },
  ],
  [
    /^(\S+) casts (\d+) KiB on (\w+)$/,
    (stage, who, kib, topic) => stage.player(who).mesh.cast(topic!, bulk(Number(kib))),
  ],

  // ------------------------------------------------------------------------------------------- documents
  [
    /^(.+?) opens? (\w+)(?: for at most (\d+) KiB)?$/,
    async (stage, who, name, kib) => {
      for (const player of stage.named(who))
        await openDoc(stage, player, name!, kib ? Number(kib) * 1024 : undefined)
    },
  ],
  [
    /^(\S+) types "(.*)" in (\w+)$/,
    (stage, who, text, name) => {
      const shared = docOf(stage.player(who), name!).doc.getText('text')
      shared.insert(shared.length, text!)
    },
  ],
  [
    /^(\S+) types "(.*)" in (\w+) (\d+) times, one every (.+)$/,
    async (stage, who, text, name, count, pause) => {
      const shared = docOf(stage.player(who), name!).doc.getText('text')
      for (let i = 0; i < Number(count); i++) {
        shared.insert(shared.length, text!)
        await stage.world.run(durationMs(pause!))
      }
    },
  ],
  [
    /^(\S+) deletes the first (\d+) of (\w+)$/,
    (stage, who, count, name) => docOf(stage.player(who), name!).doc.getText('text').delete(0, Number(count)),
  ],
  [
    /^(\S+) adds (\d+) values of (\d+) KiB to (\w+)$/,
    (stage, who, count, kib, name) => {
      const list = docOf(stage.player(who), name!).doc.getArray('list')
      for (let i = 0; i < Number(count); i++) list.push([`${i} ${bulk(Number(kib))}`])
    },
  ],
  [
    /^(\S+) removes all values of (\w+)$/,
    (stage, who, name) => {
      const list = docOf(stage.player(who), name!).doc.getArray('list')
      list.delete(0, list.length)
    },
  ],
  [
    /^(\S+) closes (\w+)$/,
    async (stage, who, name) => {
      await stage.world.finish(docOf(stage.player(who), name!).close())
      stage.player(who).docs.delete(name!)
    },
  ],
  [
    /^(\S+) shows "(.*)" in (\w+)$/,
    (stage, who, text, name) => docOf(stage.player(who), name!).awareness.setLocalState({ doing: text }),
  ],
  [
    /^(\S+) shows (\d+) KiB in (\w+)$/,
    (stage, who, kib, name) =>
      docOf(stage.player(who), name!).awareness.setLocalState({ doing: bulk(Number(kib)) }),
  ],
]
