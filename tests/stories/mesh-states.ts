// What a story may claim to be so (`! now …`).

import { type MeshStage, type Player, shown, type State, textOf } from './mesh-stage.ts'

const same = (values: readonly unknown[]): boolean => new Set(values).size === 1
const linksOf = ({ mesh }: Player, id: string): number =>
  mesh.status().links.filter(({ peer }) => peer === id).length

/** The last bodies of a conversation, as each of them has it. */
const historyOf = async (stage: MeshStage, { mesh }: Player, address: string): Promise<string> => {
  const messages = await stage.world.finish(mesh.history(address as `#${string}`))
  return messages.map(({ body }) => shown(body)).join(', ')
}

export const states: readonly State[] = [
  [/^nobody leads (.+)$/, (stage, who) => stage.named(who).every(({ mesh }) => mesh.leader === undefined)],
  [
    /^(\S+) leads (.+)$/,
    (stage, leader, who) => {
      const players = stage.named(who)
      return (
        players.every(({ mesh }) => mesh.leader?.name === leader) &&
        same(players.map(({ mesh }) => mesh.epoch))
      )
    },
  ],
  [
    /^(.+) are in epoch (\d+)$/,
    (stage, who, epoch) => stage.named(who).every(({ mesh }) => mesh.epoch === Number(epoch)),
  ],
  [/^(.+) are in one epoch$/, (stage, who) => same(stage.named(who).map(({ mesh }) => mesh.epoch))],
  [/^(\S+) has place (\d+)$/, (stage, who, place) => stage.player(who).mesh.me.seniority === Number(place)],
  [/^(\S+) has no place$/, (stage, who) => stage.player(who).mesh.me.seniority === undefined],
  [
    /^(\S+) has (no|one|\d+) links? to (\S+)$/,
    (stage, who, count, to) =>
      linksOf(stage.player(who), stage.peerId(to)) === Number({ no: 0, one: 1 }[count] ?? count),
  ],
  [
    /^(.+) are linked with one another$/,
    (stage, who) => {
      const players = stage.named(who)
      return players.every((a) => players.every((b) => a === b || linksOf(a, b.mesh.me.id) === 1))
    },
  ],
  [
    /^(.+) know one another and nobody else$/,
    (stage, who) => {
      const ids = stage.named(who).map(({ mesh }) => mesh.me.id)
      return stage
        .named(who)
        .every(({ mesh }) => mesh.peers.size === ids.length && ids.every((id) => mesh.peers.has(id)))
    },
  ],
  [
    /^(\S+) (knows|does not know) (\S+)$/,
    (stage, who, knows, whom) =>
      stage.player(who).mesh.others.has(stage.peerId(whom)) === (knows === 'knows'),
  ],
  [
    /^only (\S+)'s duty runs$/,
    (stage, who) =>
      stage.awake().every(({ name, running }) => (running.get('')?.active === true) === (name === who)),
  ],
  [/^(\S+)'s duty runs$/, (stage, who) => stage.player(who).running.get('')?.active === true],
  [
    /^(.+) (?:has|have) (#\S+|@\S+|member \S+): (.*)$/,
    async (stage, who, words, bodies) => {
      const address = words.startsWith('member ') ? stage.player(words.slice(7)).mesh.me.member : words
      const found = []
      for (const player of stage.named(who)) found.push(await historyOf(stage, player, address))
      return found.every((each) => each === bodies)
    },
  ],
  [
    /^(\S+)'s feed at (\S+) ends with (\d+)$/,
    (stage, whose, who, number) => {
      const feed = stage.names.storeNamed(whose)
      const last = stage
        .diskOf(who)
        .keys()
        .findLast((key) => key.startsWith(`feed/${feed}/`))
      return Number(last?.split('/').at(-1)) === Number(number)
    },
  ],
  [
    /^(\S+) has (no|\d+) undelivered$/,
    (stage, who, count) =>
      stage.player(who).mesh.status().queues.undelivered === (count === 'no' ? 0 : Number(count)),
  ],
  [
    /^(\S+) has (no|\d+) waiting for a name$/,
    (stage, who, count) =>
      stage.player(who).mesh.status().queues.waitingForName === (count === 'no' ? 0 : Number(count)),
  ],
  [
    /^(\S+)'s disk has (no|\d+) rows? of (\S+)$/,
    (stage, who, count, kind) =>
      stage
        .diskOf(who)
        .keys()
        .filter((key) => key.startsWith(kind)).length === (count === 'no' ? 0 : Number(count)),
  ],
  [
    /^(\S+) reads "(.*)" at (.+)$/,
    (stage, name, text, who) => stage.named(who).every(({ docs }) => textOf(docs.get(name)!) === text),
  ],
  [
    /^(\S+)'s (\w+) is (\d+) long$/,
    (stage, who, name, length) => textOf(stage.player(who).docs.get(name)!).length === Number(length),
  ],
  [
    /^(\S+) is (alone|syncing|synced) at (.+)$/,
    (stage, name, state, who) => stage.named(who).every(({ docs }) => docs.get(name)?.state === state),
  ],
  [
    /^(\S+) is (stored|not stored) at (.+)$/,
    (stage, name, stored, who) =>
      stage.named(who).every(({ docs }) => docs.get(name)?.stored === (stored === 'stored')),
  ],
  [
    /^(\S+) sees (\S+) at place (\d+)$/,
    (stage, who, whom, place) =>
      stage.player(who).mesh.peers.get(stage.peerId(whom))?.seniority === Number(place),
  ],
  [
    /^all see the same places$/,
    (stage) =>
      same(
        stage.awake().map(({ mesh }) =>
          [...mesh.peers.values()]
            .map(({ id, seniority }) => `${id} ${seniority}`)
            .toSorted()
            .join(),
        ),
      ),
  ],
  [
    /^(\S+) of (\S+) is above (\d+)$/,
    (stage, counter, who, count) => (stage.player(who).mesh.status().counters[counter] ?? 0) > Number(count),
  ],
  [
    /^(\S+) of (.+) counts (\d+)$/,
    (stage, counter, who, count) =>
      stage.named(who).every(({ mesh }) => (mesh.status().counters[counter] ?? 0) === Number(count)),
  ],
]
