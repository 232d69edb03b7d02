// Documents: digests, honesty about being synced, storage.

import type { Mutation } from '../catalogue.ts'
import { fewLinks } from './few-links.ts'

export const documentMutations: readonly Mutation[] = [
  {
    name: 'the digest leaves deletions out',
    rule: 'promise 5, DO3',
    why: 'two copies with the same operations are called equal although one still shows what the other deleted',
    changes: [
      {
        file: 'core/mesh-replica-digest.ts',
        find: 'const some = length(deleted) > 0',
        replace: 'const some = length(deleted) < 0',
      },
    ],
    scenario: 'something is deleted on one side',
    complaint: 'two copies are called synced and differ by a deletion',
  },
  {
    name: 'synced is said while something waits',
    rule: 'promise 5, DO6',
    why: 'the document shows less than it holds, and says that it is whole',
    changes: [
      {
        file: 'core/docs/document.ts',
        find: 'const whole = !this.replica.pending && ',
        replace: 'const whole = ',
      },
    ],
    profile: 'imports',
    scenario: 'something waits for what is not here',
    complaint: 'a document is called synced while something in it waits for what is not here',
  },
  {
    name: 'nobody is waited for before a document counts as alone',
    rule: 'promise 5, DO6',
    why: 'a program that fills an empty document when it is alone fills it while the others’ copy is on its way',
    changes: [
      {
        file: 'core/docs/document.ts',
        find: 'const everybody = this.#telling.everybodyHeard && this.#options.everybodyAnswered()',
        replace: 'const everybody = true',
      },
    ],
    profile: 'calm',
    scenario: 'a newcomer opens a document',
    complaint: 'a peer says that it has a document alone before the others answered',
  },
  {
    name: 'synced is said during a transfer',
    rule: 'promise 5, DO6',
    why: 'a program acts on half a document',
    // What is missing is known of each holder, and a transfer is under way: either alone forbids it.
    changes: [
      {
        file: 'core/docs/document.ts',
        find: 'const whole = !this.replica.pending && !this.#fetching.busy\n    return whole && this.agreement.complete()',
        replace: 'const whole = !this.replica.pending\n    return whole',
      },
    ],
    profile: 'large documents',
    scenario: 'a newcomer opens a document',
    complaint: 'a document is called synced before all of it is here',
  },
  {
    name: 'anybody speaks for any client',
    rule: 'DO11',
    why: 'a cursor under bob’s name may be anybody’s',
    changes: [
      {
        file: 'core/docs/awareness.ts',
        find: 'const isTheirs = !this.#own.has(client) && (known === undefined || known.peer === peer)',
        replace: 'const isTheirs = true',
      },
    ],
    profile: 'forged entries',
    scenario: 'somebody speaks for another',
    complaint: 'a peer showed itself under the name of another',
  },
  {
    name: 'stored is said while the write is under way',
    rule: 'promise 2, DO7',
    why: 'a tab that is closed when it is told “stored” has lost the last edit',
    changes: [
      {
        file: 'core/docs/backlog.ts',
        find: 'return this.#all.length === 0',
        replace: 'return this.#all.length === this.#taken',
      },
    ],
    profile: 'large documents',
    scenario: 'stored, then killed',
    complaint: 'a document is called stored before it is',
  },
  {
    name: 'rows are removed before the document is written anew',
    rule: 'promise 1, DO8',
    why: 'killed in between, the disk holds nothing of the document',
    changes: [
      {
        file: 'core/docs/storage.ts',
        find: '    this.#rewriteNeeded = false\n    this.#small = []\n',
        replace:
          '    this.#desk.commit(this.#doc, { delete: [...this.#rows.keys()] }, () => undefined, () => undefined)\n' +
          '    this.#rewriteNeeded = false\n    this.#small = []\n',
      },
    ],
    profile: 'large documents',
    scenario: 'a document is written anew',
    complaint: 'the rows of a document are gone before it is written anew',
  },
  {
    name: 'who was passed over is not asked',
    rule: 'DO1',
    why: 'in a larger mesh two that open a document at one moment edit it apart, and both call it synced',
    changes: [
      {
        file: 'core/docs/docs.ts',
        find: 'answer.unasked = answer.passedOver = true',
        replace: 'answer.unasked = answer.passedOver = false',
      },
    ],
    profile: 'few links',
    setting: fewLinks,
    scenario: 'two of a crowd open a document at once',
    complaint: 'in a larger mesh two that open a document at once do not share it',
  },
]
