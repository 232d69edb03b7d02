// Every checker there is. Each is a function of a history, and knows nothing of where it came from.

import type { Entry } from '../history.ts'
import { checkArrivals } from './arrivals.ts'
import { checkBounds } from './bounds.ts'
import { checkCasts } from './casts.ts'
import { checkDeaths } from './deaths.ts'
import { checkDeliveries } from './deliveries.ts'
import { checkDocuments } from './documents.ts'
import { checkDurable } from './durable.ts'
import { checkEpochs } from './epochs.ts'
import { checkFitness } from './fitness.ts'
import { checkForged } from './forged.ts'
import { checkHistories } from './histories.ts'
import { checkLeadership } from './leadership.ts'
import { checkLiveness } from './liveness.ts'
import { checkOrder } from './order.ts'
import { checkOwed } from './owed.ts'
import { checkPosts } from './posts.ts'
import { checkStanding } from './standing.ts'
import { checkStored } from './stored.ts'
import { checkSuspicions } from './suspicions.ts'
import { checkSynced } from './synced.ts'
import { checkVerdicts } from './verdicts.ts'
import type { Checker, Violation } from './violation.ts'

const checkers: readonly Checker[] = [
  checkOrder,
  checkStored,
  checkDurable,
  checkOwed,
  checkDeliveries,
  checkHistories,
  checkEpochs,
  checkLeadership,
  checkStanding,
  checkFitness,
  checkPosts,
  checkSuspicions,
  checkCasts,
  checkForged,
  checkDocuments,
  checkSynced,
  checkBounds,
  checkLiveness,
  checkArrivals,
  checkDeaths,
  checkVerdicts,
]

/** In the order of time. */
export const check = (entries: readonly Entry[]): Violation[] =>
  checkers.flatMap((checker) => checker(entries)).toSorted((a, b) => a.atMs - b.atMs)
