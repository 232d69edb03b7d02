// Election, epochs, fencing, stepping down.

import type { Mutation } from '../catalogue.ts'

export const leadershipMutations: readonly Mutation[] = [
  {
    name: 'an epoch is used before it is stored',
    rule: 'promise 2, EL2',
    why: 'killed at that instant and started again, the peer claims the same epoch a second time',
    changes: [
      {
        file: 'core/election/election.ts',
        find:
          '    this.#persistingEpoch = this.#highestEpochSeen + 1\n' +
          "    this.#effects.push({ type: 'persistEpoch', epoch: this.#persistingEpoch })\n",
        replace:
          '    const next = this.#highestEpochSeen + 1\n' +
          "    this.#effects.push({ type: 'rememberEpoch', epoch: next })\n" +
          '    this.#claim(next, nowMs)\n',
      },
    ],
    scenario: 'the first epoch',
    complaint: 'an epoch was used before it was stored',
  },
  {
    name: 'a follower does not store epochs',
    rule: 'promise 4, EL4',
    why: 'when all are gone and it starts alone, it leads in an epoch that somebody had before',
    changes: [
      {
        file: 'core/election/election.ts',
        find: "    if (!isLast) this.#effects.push({ type: 'rememberEpoch', epoch: claim.epoch })\n",
        replace: '',
      },
    ],
    scenario: 'a follower that starts alone',
    complaint: 'an epoch was used again by another leader',
  },
  {
    name: 'a claim is accepted from whoever claims',
    rule: 'EL4',
    why: 'the loudest leads, and two loud ones lead at once',
    changes: [
      {
        file: 'core/election/election.ts',
        find: 'else if (elected !== undefined) this.#followWhereDue(elected, nowMs)',
        replace:
          'else if (elected !== undefined) {\n' +
          '      const loudest = [...this.#heard.all()].toSorted((a, b) => b.epoch - a.epoch)[0]\n' +
          '      this.#followWhereDue(loudest?.leader ?? elected, nowMs)\n    }',
      },
    ],
    profile: 'forged words',
    scenario: 'somebody claims',
    complaint: 'a claim was accepted from a peer that the view does not elect',
  },
  {
    name: 'an epoch may be any number',
    rule: 'EL6, OV25',
    why: 'one hostile claim uses the epochs up, and nobody can ever lead above it',
    changes: [
      {
        file: 'core/election/far-claim.ts',
        find: 'if (jump <= (how.isElected ? limits.maxEpochJump : limits.maxEpochJump / 2)) return',
        replace: 'if (jump <= Infinity) return',
      },
    ],
    profile: 'forged words',
    scenario: 'somebody claims',
    complaint: 'an epoch was believed that is far beyond all that was seen',
  },
  {
    name: 'an epoch far ahead is never believed',
    rule: 'EL6',
    why: 'once an epoch was forged, whoever is new to the mesh or was away has no leader, for ever',
    changes: [
      {
        file: 'core/election/election.ts',
        find: "if (leader !== this.me && (distance === 'far' || firstHand))",
        replace: 'if (leader === this.me)',
      },
    ],
    profile: 'far epochs',
    scenario: 'a newcomer after a forgery',
    complaint: 'a newcomer never follows a leader whose epoch is far ahead',
  },
  {
    name: 'what others say of the leader is believed without asking it',
    rule: 'EL10',
    why: 'one claim forged in the name of the leader, too far above what it saw itself, and its followers refuse it for ever',
    changes: [
      {
        file: 'core/election/election.ts',
        find: '(isSilent || !this.#isConfirmed(claim))',
        replace: 'isSilent',
      },
    ],
    profile: 'far epochs',
    scenario: 'a claim in the name of the leader',
    complaint: 'a follower of a forged epoch never comes back to its leader',
  },
  {
    name: 'a provisional peer may lead',
    rule: 'EL1',
    why: 'every tab that opens leads for a moment, beside the leader that it has not met yet',
    changes: [
      {
        file: 'core/election/rank.ts',
        find: 'candidate is Settled => candidate.seniority !== undefined',
        replace: 'candidate is Settled => true',
      },
    ],
    profile: 'apart',
    scenario: 'before everybody was met',
    complaint: 'a peer leads before it knows who is there',
  },
  {
    name: 'equal ranks are not broken by the id',
    rule: 'promise 4, EL1',
    why: 'two parts that began alike each keep their leader when they meet',
    changes: [
      {
        file: 'core/election/rank.ts',
        find: 'return byAge !== 0 ? byAge : compareText(a.peer, b.peer)',
        replace: 'return byAge',
      },
    ],
    profile: 'apart',
    scenario: 'two meshes of equal rank meet',
    complaint: 'two of equal rank both lead',
  },
  {
    name: 'two parts merge without a new epoch',
    rule: 'promise 4, EL7',
    why: 'acts of the winner from before and after the merge bear the same epoch, those of the loser lie between',
    changes: [
      {
        file: 'core/election/election.ts',
        find: 'return this.#isNew(claim.leader) && claim.fresh && claim.outbidEpoch < claim.epoch',
        replace: 'return false',
      },
    ],
    profile: 'parts',
    scenario: 'a greater epoch meets a smaller one',
    complaint: 'two parts of a mesh became one without an epoch above both',
  },
  {
    name: 'a lone peer does not yield',
    rule: 'OV18',
    why: 'a tab that opened without a network takes the leadership of the mesh that it finds later',
    changes: [
      {
        file: 'core/overlay/joining.ts',
        find: 'const yields = saidLone && this.#beganAlone && !theyAreLone && established.length > 0',
        replace: 'const yields = false && !theyAreLone',
      },
    ],
    profile: 'apart',
    scenario: 'a lone peer meets a mesh',
    complaint: 'a lone peer kept its rank when it met a mesh',
  },
  {
    name: 'the fence lets lower tokens pass',
    rule: 'promise 4, EL15',
    why: 'a late act of a deposed leader undoes what the present one did',
    changes: [
      {
        file: 'core/election/tokens.ts',
        find: '    if (this.#highest !== undefined && compareTokens(token, this.#highest) < 0) return false\n',
        replace: '',
      },
    ],
    scenario: 'an act of a former leader',
    complaint: 'a lower token was accepted after a higher one',
  },
  {
    name: 'a peer that stood still does not step down',
    rule: 'EL12, OV13',
    why: 'a laptop that wakes after an hour goes on as the leader, before it hears of another',
    changes: [
      {
        file: 'core/peer.ts',
        find: "    this.#roles.stepAll({ type: 'stalled' }, nowMs)\n    this.overlay.stalled()\n",
        replace: '',
      },
    ],
    profile: 'sleep',
    scenario: 'a leader wakes',
    complaint: 'a leader acted after it had been replaced',
  },
  {
    name: 'a peer that cannot store stays fit',
    rule: 'EL3',
    why: 'one full disk at the head of the line, and the mesh has no leader',
    changes: [
      {
        file: 'core/peer.ts',
        find: "        this.#fitness.step({ type: 'storage', durable: false }, this.#before.monotonicMs)\n",
        replace: '',
      },
      // It is said twice: by the election, and by the answer of the store.
      {
        file: 'core/peer.ts',
        find: "const durable = input.type === 'epochPersisted' && this.#options.durable",
        replace: 'const durable = this.#options.durable',
      },
    ],
    profile: 'full disks',
    scenario: 'a successor that cannot store',
    complaint: 'nobody leads, because the next in rank cannot store an epoch',
  },
  {
    name: 'a hidden peer does not resign',
    rule: 'EL13',
    why: 'a tab whose timers the browser has slowed down goes on leading',
    changes: [
      {
        file: 'core/election/resign.ts',
        find: 'return this.#durable && !this.#suspended && !this.#resignedHidden && this',
        replace: 'return this.#durable && !this.#suspended && this',
      },
    ],
    profile: 'long',
    scenario: 'hidden for six minutes',
    complaint: 'a tab hidden for six minutes leads although a fitter one lives',
  },
  {
    name: 'a duty does not wait for the one before',
    rule: 'EL8',
    why: 'at every handover two programs do the same work for a moment',
    changes: [
      {
        file: 'core/election/election.ts',
        find: 'this.#view.elected !== this.me || this.#handover.isWaiting) return',
        replace: 'this.#view.elected !== this.me) return',
      },
    ],
    profile: 'calm',
    scenario: 'a primary takes over',
    complaint: 'two duties ran at once although nobody was cut off',
  },
]
