// What is said before it is stored, and what is stored and not kept.

import type { Mutation } from '../catalogue.ts'

export const storageMutations: readonly Mutation[] = [
  {
    name: 'send() resolves before the commit',
    rule: 'promise 1, MS2',
    why: 'a program that was told “stored” and is killed then has lost the message',
    changes: [
      {
        file: 'core/messages/outbox.ts',
        find: '    const filed = filing.file(feed, toFile, false)\n',
        replace:
          '    const filed = filing.file(feed, toFile, false)\n    for (const { queued } of planned) this.#resolve(queued)\n',
      },
    ],
    scenario: 'send() resolves',
    complaint: 'send() resolved before the message was on the disk',
  },
  {
    name: 'a message is broadcast before the commit',
    rule: 'promise 2, MS2',
    why: 'a number is given away that the store then gives to another message: the feed forks',
    changes: [
      {
        file: 'core/messages/outbox.ts',
        find: '    const settled = new Set<QueuedMessage>()\n',
        replace:
          '    const settled = new Set<QueuedMessage>()\n' +
          "    desk.broadcast({ type: 'entries', entries: entries.map(({ entry }) => entry) })\n",
      },
    ],
    profile: 'storage',
    scenario: 'a send that fails',
    complaint: 'a message was spoken of that was never stored',
  },
  {
    name: 'a receipt before the commit',
    rule: 'promise 2, MS11',
    why: 'the author drops a message that its addressee then fails to store',
    changes: [
      {
        file: 'core/messages/log.ts',
        find: '    const filed = filing.file(feed, toFile, jump)\n',
        replace:
          '    const filed = filing.file(feed, toFile, jump)\n' +
          '    this.#parts.feeds.show(feed, filed.head.number, filed.head.hash)\n' +
          '    this.#parts.sync.moved(feed, false)\n',
      },
    ],
    profile: 'storage',
    scenario: 'a receipt from a full disk',
    complaint: 'a message counts as delivered that its addressee could not store',
  },
  {
    name: 'an append without comparing the head',
    rule: 'MS1',
    why: 'two tabs write one number twice, and the second message takes the place of the first',
    changes: [
      {
        file: 'core/messages/outbox.ts',
        find: 'const expect: Expectation[] = [forks.storeExpectation(), log.headExpectation(feed)]',
        replace: 'const expect: Expectation[] = [forks.storeExpectation()]',
      },
    ],
    profile: 'storage',
    scenario: 'two tabs write at once',
    complaint: 'a message that was stored is overwritten by a sibling tab',
  },
  {
    name: 'no new number after a lost compare-and-set',
    rule: 'MS2',
    why: 'the entry that a sibling tab stored under that number is replaced by ours',
    changes: [
      {
        file: 'core/messages/outbox.ts',
        find: 'if (!followsHead || entries.length !== planned.length) return this.#again(feed, planned)',
        replace: 'if (entries.length !== planned.length) return this.#again(feed, planned)',
      },
      {
        file: 'core/messages/outbox.ts',
        find: '          for (const queued of settled) this.#forget(queued)\n',
        replace:
          '          if (settled.size === 0) return this.#commit(feed, planned, entries)\n' +
          '          for (const queued of settled) this.#forget(queued)\n',
      },
    ],
    profile: 'same store',
    scenario: 'two tabs write at once',
    complaint: 'a message that was stored is overwritten by a sibling tab',
  },
  {
    name: 'an id may be used twice',
    rule: 'MS2',
    why: 'a program that sends again after a crash, under the same id to be safe, sends two messages',
    changes: [
      {
        file: 'core/messages/outbox.ts',
        find: '        this.#idExpectation(queued, settled),\n',
        replace: '',
      },
    ],
    profile: 'same store',
    scenario: 'one id twice',
    complaint: 'one id became two messages',
  },
  {
    name: 'handled is not written down',
    rule: 'promise 3, MS7',
    why: 'the next run does the work again',
    changes: [
      {
        file: 'core/messages/inbox.ts',
        find: '{ expect: [], delete: places },',
        replace: '{ expect: [] },',
      },
    ],
    scenario: 'handled, then restarted',
    complaint: 'a message came again after it was handled',
  },
  {
    name: 'every tab reads the inbox',
    rule: 'promise 3, MS7',
    why: 'two tabs of one member each do the work',
    changes: [
      { file: 'core/peer.ts', find: '  #inboxTurn = false\n', replace: '  #inboxTurn = true\n' },
      {
        file: 'core/peer.ts',
        find: '          this.#inboxTurn = false\n',
        replace: '',
      },
    ],
    scenario: 'two tabs read one inbox',
    complaint: 'a message was given to two tabs of one member',
  },
  {
    name: 'stores are not compared',
    rule: 'promise 1, MS4',
    why: 'what somebody missed while it was away stays missing',
    changes: [
      {
        file: 'core/messages/sync.ts',
        find: '    this.#sendVector(peer, feeds.vector(), true)\n',
        replace: '',
      },
    ],
    scenario: 'two halves write apart',
    complaint: 'what was written apart does not come together',
  },
  {
    name: 'a message to a name nobody bears is kept in memory only',
    rule: 'promise 1, MS6',
    why: 'send() resolved, and after a restart nobody knows of it',
    changes: [
      {
        file: 'core/messages/unbound.ts',
        find: '{ expect, put: [written] },',
        replace: '{ expect, put: [] },',
      },
    ],
    scenario: 'a message waits for a name',
    complaint: 'a message that waited for a name is lost',
  },
  {
    name: 'checksums are not looked at',
    rule: 'MS9, DO13',
    why: 'what a failing disk made of a message is shown as if its author had written it',
    changes: [
      {
        file: 'core/checked-store.ts',
        find: 'return checksum(key, value) === expected ? value : undefined',
        replace: 'return expected >= 0 ? value : undefined',
      },
    ],
    profile: 'storage',
    scenario: 'a record is altered',
    complaint: 'an altered record is shown',
  },
  {
    name: 'what would fill a hole is not taken',
    rule: 'MS9',
    why: 'what one disk lost stays lost there, although the mesh has it',
    changes: [
      {
        file: 'core/messages/log.ts',
        find: 'if (feed.holes.has(number)) holes.offer(feed, entry, from)',
        replace: 'if (feed.holes.has(number)) return',
      },
    ],
    profile: 'storage',
    scenario: 'a record is altered',
    complaint: 'an altered record is not fetched again',
  },
  {
    name: 'a store that went back in time is not noticed',
    rule: 'MS8',
    why: 'new messages take numbers that others hold already, and reach nobody',
    changes: [
      {
        file: 'core/messages/forks.ts',
        find: '    if (this.#suspecting || this.#forking) return\n',
        replace: '    if (from) return\n',
      },
    ],
    profile: 'forks',
    scenario: 'an old backup is put back',
    complaint: 'a store that went back in time writes numbers twice',
  },
  {
    name: 'receipts of the old feed count for the new one',
    rule: 'promise 1, MS8',
    why: 'messages are called delivered that nobody has, and are forgotten',
    changes: [
      {
        file: 'core/messages/forks.ts',
        find: 'receipts.adopt(store, key',
        replace: 'receipts.adopt(outbox.storeId, key',
      },
    ],
    profile: 'forks',
    scenario: 'an entry that nobody has is left behind',
    complaint: 'a message counts as delivered to somebody who is away',
  },
  {
    name: 'the outbox lets go at the first receipt',
    rule: 'promise 1, MS5',
    why: 'whoever of the addressees was away may never get it, and nobody is told',
    changes: [
      {
        file: 'core/messages/receipts.ts',
        find: '      item.row.addressees.every(\n',
        replace: '      item.row.addressees.some(\n',
      },
    ],
    profile: 'short lives',
    scenario: 'a room with somebody away',
    complaint: 'the outbox let a message go that an addressee lacks',
  },
  {
    name: 'expiry in silence',
    rule: 'promise 1, MS5',
    why: 'a message that reached nobody is gone, and its sender believes that it arrived',
    changes: [
      {
        file: 'core/messages/receipts.ts',
        find: '          this.reportExpired(id, item.row.to, lacking)\n',
        replace: '',
      },
    ],
    profile: 'short lives',
    scenario: 'a room with somebody away',
    complaint: 'a message expired in silence',
  },
  {
    name: 'retention does not ask whether a message is delivered',
    rule: 'MS10',
    why: 'what was to wait for its addressee for 90 days is cut off after 30',
    changes: [
      {
        file: 'core/messages/retention.ts',
        find: 'if (wallMs - cameAtMs(stored, wallMs) < limits.retentionMs || !this.#isOver(stored)) break',
        replace: 'if (wallMs - cameAtMs(stored, wallMs) < limits.retentionMs) break',
      },
    ],
    profile: 'absences',
    scenario: 'forty days later',
    complaint: 'a message was given up before its time ran out',
  },
]
