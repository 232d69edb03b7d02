// Looks at an update of others right before Yjs gets it, against the document as it is then. Yjs integrates while it
// reads, so a fault half way would leave half of it in the document; and a few things that it can read break it all
// the same: what the document holds in part already, types nested without end, and values of a key that can be split.

import * as Y from 'yjs'
import { fail, ok, type Result } from './base/errors.ts'
import { maxNesting, nestingOf } from './docs/update-nesting.ts'
import { isPartlyHeld, type UpdateScan } from './docs/update-scan.ts'
import { clockAfter } from './mesh-replica-digest.ts'

export interface CheckedUpdate {
  /** What to give to Yjs. */
  readonly update: Uint8Array
  readonly operations: number
  /** About what the operations take; deletions are not counted. */
  readonly bytes: number
}

/** A deleted range in an update, about. */
const rangeBytes = 6

/** Says why the update, which was scanned and found to be one, cannot be put into the document as it is now. */
export function checkUpdate(doc: Y.Doc, update: Uint8Array, scan: UpdateScan): Result<CheckedUpdate> {
  const { ranges, deletes } = scan
  const clockOf = (client: number): number => clockAfter(doc.store.clients.get(client))
  if (nestingOf(scan, clockOf, (client, clock) => levelIn(doc, client, clock)) > maxNesting) {
    return fail('it nests types too deep')
  }
  // Yjs may throw where garbage overlaps what it holds: it only gets what is new.
  const held = isPartlyHeld(scan, clockOf)
  return ok({
    update: held ? Y.diffUpdate(update, Y.encodeStateVector(doc)) : update,
    operations: ranges.reduce((sum, { from, to }) => sum + to - from, 0),
    bytes: Math.max(update.length - rangeBytes * deletes.length, 0),
  })
}

/**
 * Of the values of a key Yjs keeps the last alive, which is one operation. An update can say that several stand there: split
 * in two, of which one goes, they make Yjs throw while it collects garbage, and no event of the document comes ever after.
 * Such values are deleted, in the transaction in which they came.
 *
 * @returns true where there were any that no program of Yjs makes. Plain values come so from honest ones: where an undo
 * manager keeps the content of deleted values they are one operation, and that they are deleted is said at the end of a transfer.
 */
export function dropSplitValues(transaction: Y.Transaction, { ranges }: UpdateScan): boolean {
  let isForged = false
  for (const { client, from, to } of ranges) {
    const structs = transaction.doc.store.clients.get(client)
    if (structs === undefined || clockAfter(structs) <= from) continue
    for (let i = Y.findIndexSS(structs, from); i < structs.length; i += 1) {
      const struct = structs[i]!
      if (struct.id.clock >= to) break
      const isValue = struct instanceof Y.Item && struct.parentSub !== null && !struct.deleted
      if (!isValue || (struct.length === 1 && struct.right === null)) continue
      isForged ||= !(struct.content instanceof Y.ContentAny || struct.content instanceof Y.ContentJSON)
      struct.delete(transaction)
    }
  }
  return isForged
}

/** How deep that operation lies in types; 0 at the root, and where the document does not hold it. */
export function levelIn(doc: Y.Doc, client: number, clock: number): number {
  if (clock >= Y.getState(doc.store, client)) return 0
  let level = -1
  for (let item: Y.Item | null = Y.getItem(doc.store, Y.createID(client, clock)); item; level += 1) {
    const parent: unknown = item instanceof Y.Item ? item.parent : undefined
    item = parent instanceof Y.AbstractType ? parent._item : null
  }
  return level
}
