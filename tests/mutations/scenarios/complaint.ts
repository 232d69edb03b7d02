// How a story says that something must not be. A mutation names the complaint that it expects, word for word.

import type { World } from '../../../core/platform/sim/world.ts'

export class Complaint extends Error {
  readonly details: string

  constructor(complaint: string, details = '') {
    super(complaint)
    this.details = details
  }
}

/** Complains unless it is so now. */
export function demand(isSo: boolean, complaint: string, details = ''): void {
  if (!isSo) throw new Complaint(complaint, details)
}

/** Runs until it is so; complains where that takes longer than `withinMs` of virtual time. */
export async function eventually(
  world: World,
  withinMs: number,
  complaint: string,
  isSo: () => boolean,
): Promise<void> {
  let over = false
  world.at(world.now + withinMs, `the time for “${complaint}” is over`, () => {
    over = true
  })
  await world.until(() => over || isSo(), { withinMs: withinMs + 1 })
  demand(isSo(), complaint, `seed ${world.seed}, at ${world.now} ms`)
}

/** Runs for `ms`; complains as soon as it is not so after some event. */
export async function always(
  world: World,
  ms: number,
  complaint: string,
  isSo: () => boolean,
): Promise<void> {
  let over = false
  world.at(world.now + ms, 'a while is over', () => {
    over = true
  })
  const look = (): boolean => {
    demand(isSo(), complaint, `seed ${world.seed}, at ${world.now} ms`)
    return over
  }
  await world.until(look, { withinMs: ms + 1 })
}
