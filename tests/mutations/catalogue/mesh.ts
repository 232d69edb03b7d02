// Membership, suspicion, routes, and the patience with a bad neighbour.

import type { Mutation } from '../catalogue.ts'
import { fewLinks } from './few-links.ts'

export const meshMutations: readonly Mutation[] = [
  {
    name: 'any answer refutes a doubt',
    rule: 'OV15',
    why: 'a pong that was under way when its sender died keeps the dead in the view',
    changes: [
      {
        file: 'core/overlay/membership.ts',
        find: 'if (!this.#suspicions.get(peer)?.nonces.has(nonce)) return false',
        replace: 'if (!this.#suspicions.has(peer) || nonce < 0) return false',
      },
    ],
    profile: 'insistent',
    scenario: 'an answer from before the doubt',
    complaint: 'an answer from before the doubt refuted it',
  },
  {
    name: 'a watcher that was late accuses',
    rule: 'OV12',
    why: 'a tab that was frozen for a second declares everybody gone whose answer waits in its queue',
    changes: [
      {
        file: 'core/overlay/membership.ts',
        find: 'lateMs > limits.lateWatcherMs && suspicion',
        replace: 'lateMs < 0 && suspicion',
      },
    ],
    profile: 'far apart',
    scenario: 'a watcher that was late',
    complaint: 'a watcher that was late itself declared a live peer gone',
  },
  {
    name: 'a busy peer is waited for without end',
    rule: 'OV29',
    why: 'a peer that hangs in its announcements leads for ever',
    changes: [
      {
        file: 'core/overlay/membership.ts',
        find: 'Math.min(this.#known.get(peer)!.busyUntilMs, suspicion.putOffUntilMs)',
        replace: 'this.#known.get(peer)!.busyUntilMs',
      },
    ],
    profile: 'insistent',
    scenario: 'busy for ever',
    complaint: 'a peer put off its death by saying again and again that it is busy',
  },
  {
    name: 'evidence is proof',
    rule: 'OV7',
    why: 'whoever loses its connection to the signaling server leaves the mesh, links or no links',
    changes: [
      {
        file: 'core/overlay/membership.ts',
        find: '    this.#putOff(peer, suspicion, nowMs + timeoutMs)\n',
        replace: '    suspicion.deadlineMs = nowMs\n',
      },
    ],
    profile: 'forged words',
    scenario: 'a socket closes',
    complaint: 'evidence deposed a live peer before it was asked',
  },
  {
    name: 'the word of another deposes',
    rule: 'OV9',
    why: 'one peer with a bad network, or a bad mind, removes whom it likes from every view',
    changes: [
      {
        file: 'core/overlay/view.ts',
        find: "if (!isOwnWord || reason !== 'left') {",
        replace: "if (reason !== 'left') {",
      },
    ],
    profile: 'forged words',
    scenario: 'the word of another',
    complaint: 'a live peer was declared gone at the word of another',
  },
  {
    name: 'the dead come back by hearsay',
    rule: 'OV16',
    why: 'old records go round and round, and the dead lead again for a while',
    changes: [
      {
        file: 'core/overlay/membership.ts',
        find: '    if (!isHello && record.incarnation <= (this.#gone.get(record.id) ?? -1)) return false\n',
        replace: '',
      },
    ],
    profile: 'old words',
    scenario: 'the word of another',
    complaint: 'a dead peer came back at the word of another',
  },
  {
    name: 'nobody is told what is held of it',
    rule: 'OV35, EL18',
    why: 'one forged record makes two leaders outbid each other for as long as both live',
    changes: [
      {
        file: 'core/overlay/contradictions.ts',
        find: "    if (held) this.#tell(peer, { type: 'records', records: [held] })\n",
        replace: '',
      },
    ],
    profile: 'false words',
    scenario: 'a forged record of another',
    complaint: 'a forged record makes two peers outbid each other without end',
  },
  {
    name: 'a forged number stands above the own word',
    rule: 'OV35',
    why: 'a record with the highest number there is can never be taken back by the peer it speaks of',
    changes: [
      {
        file: 'core/overlay/membership.ts',
        find: 'return isFarAhead(held.incarnation, own.incarnation)',
        replace: 'return false',
      },
      {
        file: 'core/overlay/membership.ts',
        find: 'isFarAhead(record.incarnation, known.record.incarnation)',
        replace: 'false',
      },
    ],
    profile: 'false words',
    scenario: 'a forged record of another',
    complaint: 'a forged record makes two peers outbid each other without end',
  },
  {
    name: 'a goodbye is believed whoever brings it',
    rule: 'OV35, OV9',
    why: 'two peers that were each told a forged goodbye of the other never meet again',
    changes: [
      {
        file: 'core/overlay/view.ts',
        find: '(via === peer || this.#context.links.to(peer) === undefined)',
        replace: "via !== ''",
      },
    ],
    profile: 'false words',
    scenario: 'a goodbye in the name of another',
    complaint: 'a goodbye that the peer did not say was believed',
  },
  {
    name: 'malformed frames are not counted',
    rule: 'promise 7, OV24',
    why: 'a peer that sends garbage may do so for ever',
    changes: [
      {
        file: 'core/overlay/neighbours.ts',
        find: '    link.malformed += weight\n',
        replace: '    link.malformed += 0 * weight\n',
      },
    ],
    profile: 'forged words',
    scenario: 'garbage',
    complaint: 'the link of a peer that sends garbage stays',
  },
  {
    name: 'a hello of any mesh is good',
    rule: 'OV24',
    why: 'two meshes that meet at one server flow into each other',
    changes: [
      {
        file: 'core/overlay/overlay.ts',
        find: 'version === protocolVersion && topic === this.#context.options.topic && record',
        replace: 'version === protocolVersion && topic !== undefined && record',
      },
    ],
    profile: 'old words',
    scenario: 'a peer of another mesh',
    complaint: 'a peer of another mesh was let in',
  },
  {
    name: 'what was missed is not pulled',
    rule: 'OV3',
    why: 'a claim that a full lane refused is never heard of',
    changes: [
      {
        file: 'core/overlay/delivery.ts',
        find: "    if (ids.length > 0) this.send(link, { type: 'pull', ids })\n",
        replace: '',
      },
    ],
    profile: 'missed',
    scenario: 'a missed broadcast is offered',
    complaint: 'a broadcast that was missed is not asked for',
  },
  {
    name: 'nobody says goodbye',
    rule: 'OV9',
    why: 'who leaves is taken for dead: a leader that closes its window costs a failover by silence',
    changes: [
      {
        file: 'core/overlay/overlay.ts',
        find: "    this.#delivery.broadcast({ type: 'gone', peer: id, incarnation, reason: 'left' }, true)\n",
        replace: '',
      },
    ],
    profile: 'calm',
    scenario: 'somebody leaves',
    complaint: 'who leaves does not say goodbye',
  },
  {
    name: 'a newcomer takes the first place',
    rule: 'OV17',
    why: 'every second tab that opens takes the leadership over',
    changes: [
      {
        file: 'core/overlay/joining.ts',
        find: 'if (established.length > 0) this.#seniority = after(established)',
        replace: 'if (established.length > 0) this.#seniority = 1',
      },
    ],
    profile: 'calm',
    scenario: 'a newcomer takes its place',
    complaint: 'a newcomer takes the place of somebody who was there before',
  },
  {
    name: 'unicasts travel without end',
    rule: 'OV6',
    why: 'in a mesh with holes one that finds no way goes round until nobody remembers it',
    changes: [
      {
        file: 'core/overlay/delivery.ts',
        find: 'if (message.hops + 1 >= limits.maxHops) this',
        replace: 'if (message.hops < 0) this',
      },
    ],
    profile: 'detours',
    scenario: 'copies and detours',
    complaint: 'a unicast went further than it may',
  },
  {
    name: 'copies of a unicast are delivered',
    rule: 'OV6',
    why: 'whatever comes by two ways happens twice',
    changes: [
      {
        file: 'core/overlay/delivery.ts',
        find: 'if (message.origin === self.id || !this.#routes.firstSight(message.origin, message.sequence)) return false',
        replace: 'if (message.origin === self.id) return false',
      },
    ],
    profile: 'detours',
    scenario: 'copies and detours',
    complaint: 'a unicast was delivered twice',
  },
  {
    name: 'copies of a broadcast are delivered',
    rule: 'OV1',
    why: 'programs hear a cast twice, and in a mesh with holes the copies breed',
    changes: [
      {
        file: 'core/overlay/delivery.ts',
        find: 'if (origin === self.id || this.#broadcasts.has(message)) {',
        replace: 'if (origin === self.id) {',
      },
    ],
    profile: 'detours',
    scenario: 'copies and detours',
    complaint: 'a broadcast was delivered twice',
  },
  {
    name: 'routes are learned from replays',
    rule: 'OV6',
    why: 'old copies point back to where they came from: unicasts go in circles, or to whoever repeated one',
    changes: [
      {
        file: 'core/overlay/delivery.ts',
        find: '    if (origin === self.id || this.#broadcasts.has(message)) {\n',
        replace:
          '    this.#routes.learn(origin, link.remote, sequence)\n' +
          '    if (origin === self.id || this.#broadcasts.has(message)) {\n',
      },
      {
        file: 'core/overlay/routes.ts',
        find: 'if (known && sequence <= known.sequence) return',
        replace: 'if (known && sequence < known.sequence) return',
      },
    ],
    profile: 'detours',
    scenario: 'a replayed broadcast',
    complaint: 'a unicast followed a replayed broadcast, and was lost',
  },
  {
    name: 'nobody asks the introducers again',
    rule: 'OV36',
    why: 'two parts of a mesh that a server once kept from each other never meet',
    changes: [
      {
        file: 'core/overlay/introductions.ts',
        find: 'if (nowMs >= this.#askAgainAtMs()) this.ask()',
        replace: 'if (nowMs >= this.#askAgainAtMs()) this.#askedAtMs = nowMs',
      },
    ],
    profile: 'hidden',
    scenario: 'a server that hid them',
    complaint: 'two whom a server kept from each other never met',
  },
  {
    name: 'in a crowd broadcasts are taken whole from nobody',
    rule: 'OV37',
    why: 'whatever is said in a larger mesh reaches most only seconds later, when its id is offered',
    changes: [
      {
        file: 'core/overlay/shares.ts',
        find: 'this.#fill(this.#sources, [...this.#offerers], limits.broadcastSources)',
        replace: 'this.#fill(this.#sources, [], limits.broadcastSources)',
      },
      {
        file: 'core/overlay/shares.ts',
        find: 'this.#fill(this.#sources, others, limits.broadcastSources)',
        replace: 'this.#fill(this.#sources, [], limits.broadcastSources)',
      },
    ],
    profile: 'few links',
    setting: fewLinks,
    scenario: 'a broadcast in a crowd',
    complaint: 'in a larger mesh a broadcast comes only when it is offered',
  },
  {
    name: 'in a crowd nobody is spared',
    rule: 'OV37',
    why: 'each broadcast comes to each peer as often as it has links: a mesh of 60 does nothing else',
    changes: [
      {
        file: 'core/overlay/shares.ts',
        find: "const spared = this.#offerers.has(link) ? 'ids' : 'nothing'",
        replace: "const spared = 'whole'",
      },
    ],
    profile: 'few links',
    setting: fewLinks,
    scenario: 'a broadcast in a crowd',
    complaint: 'in a larger mesh a broadcast goes over every link',
  },
  {
    name: 'in a crowd a lost source is not replaced',
    rule: 'OV37',
    why: 'every death leaves some with fewer ways, until they hear by offers only',
    changes: [{ file: 'core/overlay/shares.ts', find: '    keep(this.#sources, neighbours)\n', replace: '' }],
    profile: 'few links',
    setting: fewLinks,
    scenario: 'the sources of two die',
    complaint: 'in a larger mesh who lost its sources takes broadcasts from nobody',
  },
  {
    name: 'in a crowd views are not compared',
    rule: 'OV38',
    why: 'who was cut off for a moment sees a dead peer, or misses a living one, for as long as both live',
    changes: [
      {
        file: 'core/overlay/rosters.ts',
        find: "    if (link) this.#tell(link, { type: 'viewDigest', digest: this.#digest() })\n",
        replace: '',
      },
    ],
    profile: 'few links',
    setting: fewLinks,
    scenario: 'what one of a crowd was not told',
    complaint: 'in a larger mesh who missed a goodbye never hears of it',
  },
  {
    name: 'in a crowd the answer leaves out who is gone',
    rule: 'OV38',
    why: 'the dead stay in the view of whoever missed their end',
    changes: [
      {
        file: 'core/overlay/rosters.ts',
        find: 'membership.goneAmong(peers)',
        replace: 'membership.goneAmong([])',
      },
    ],
    profile: 'few links',
    setting: fewLinks,
    scenario: 'what one of a crowd was not told',
    complaint: 'in a larger mesh who missed a goodbye never hears of it',
  },
  {
    name: 'in a crowd the answer leaves out who came',
    rule: 'OV38',
    why: 'a newcomer stays unknown to whoever was not told of it, and is nobody to write to',
    changes: [
      {
        file: 'core/overlay/rosters.ts',
        find: 'if (news.length > 0)',
        replace: 'if (news.length < 0)',
      },
    ],
    profile: 'few links',
    setting: fewLinks,
    scenario: 'what one of a crowd was not told',
    complaint: 'in a larger mesh who missed a newcomer never hears of it',
  },
  {
    name: 'the next of all watches, whether linked or not',
    rule: 'OV39',
    why: 'who has no link to the next in the ring of ids dies unseen',
    changes: [
      {
        file: 'core/overlay/heartbeats.ts',
        find: '(membership.get(peer)?.neighbours ?? []).filter(',
        replace: 'membership.records().map((record) => record.id).filter(',
      },
    ],
    profile: 'few links, few words',
    setting: fewLinks,
    scenario: 'one of a crowd falls silent',
    complaint: 'in a larger mesh a silent peer is found out late',
  },
]
