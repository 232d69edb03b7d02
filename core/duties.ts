// The duties a program runs where it leads: started and aborted as the peer says, started again with a growing
// pause when they throw.

import type { Duty, FencingToken, Running } from './api.ts'
import { MeshError } from './base/errors.ts'
import type { PeerId } from './base/ids.ts'
import { limits } from './base/limits.ts'
import type { Clock } from './base/ports.ts'

export interface DutyHost {
  readonly clock: Clock
  readonly me: () => PeerId
  /** Notices a stall of our own, and aborts what has to be, before it returns. */
  checkClock(): void
  stand(role: string, priority: number): void
  stepAside(role: string): void
  report(error: MeshError): void
}

interface Assignment {
  readonly role: string
  readonly duty: Duty
  readonly priority: number
  failures: number
  controller: AbortController | undefined
  cancelRestart: () => void
  /** Monotonic. */
  startedAtMs: number
  stopped: () => void
}

export class Duties {
  readonly #host: DutyHost
  readonly #assignments = new Set<Assignment>()
  /** Roles we lead, with their epoch and the number of the last token. */
  readonly #leading = new Map<string, { readonly epoch: number; tokens: number }>()

  constructor(host: DutyHost) {
    this.#host = host
  }

  lead(role: string, duty: Duty, priority: number): Running {
    this.#checkCount(role)
    let stopped: () => void = () => undefined
    const done = new Promise<void>((resolve) => (stopped = resolve))
    const assignment: Assignment = {
      role,
      duty,
      priority,
      failures: 0,
      controller: undefined,
      cancelRestart: () => undefined,
      startedAtMs: 0,
      stopped,
    }
    this.#assignments.add(assignment)
    this.#stand(role)
    this.#run(assignment)
    const host = this.#host
    return {
      get active() {
        host.checkClock()
        return assignment.controller !== undefined
      },
      stop: () => {
        this.#remove(assignment)
        return done
      },
      stopped: done,
    }
  }

  starts(role: string, epoch: number): void {
    this.#leading.set(role, { epoch, tokens: 0 })
    for (const assignment of this.#assignments) if (assignment.role === role) this.#run(assignment)
  }

  stops(role: string): void {
    this.#leading.delete(role)
    for (const assignment of this.#assignments) if (assignment.role === role) this.#abort(assignment)
  }

  stopAll(): void {
    this.#leading.clear()
    for (const assignment of this.#assignments) {
      this.#abort(assignment)
      assignment.stopped()
    }
    this.#assignments.clear()
  }

  /** A peer's record names the roles it stands for. */
  #checkCount(role: string): void {
    const roles = new Set([...this.#assignments].map((each) => each.role)).add(role)
    roles.delete('')
    if (roles.size <= limits.maxRoles) return
    throw new MeshError('invalid-argument', `One peer stands for at most ${limits.maxRoles} roles.`)
  }

  #run(assignment: Assignment): void {
    const { role } = assignment
    const term = this.#leading.get(role)
    if (!term || assignment.controller) return
    const controller = new AbortController()
    assignment.controller = controller
    assignment.startedAtMs = this.#host.clock.now().monotonicMs
    const token = (): FencingToken => {
      this.#host.checkClock()
      if (controller.signal.aborted) {
        throw new MeshError('not-leader', 'This peer does not lead any more; stop what you were doing.')
      }
      return { role, epoch: term.epoch, leader: this.#host.me(), n: ++term.tokens }
    }
    Promise.resolve()
      .then(() =>
        controller.signal.aborted
          ? undefined
          : assignment.duty({ epoch: term.epoch, signal: controller.signal, token }),
      )
      .catch((problem: unknown) => this.#failed(assignment, controller, problem))
  }

  #failed(assignment: Assignment, controller: AbortController, problem: unknown): void {
    // A duty that was told to stop may well throw on its way out.
    if (controller.signal.aborted) return
    assignment.controller = undefined
    controller.abort()
    const nowMs = this.#host.clock.now().monotonicMs
    // One that ran for long was a success: this failure is a first one.
    if (nowMs - assignment.startedAtMs >= limits.dutyRestartMaxMs) assignment.failures = 0
    const pauseMs = Math.min(limits.dutyRestartMaxMs, limits.dutyRestartBaseMs * 2 ** assignment.failures++)
    this.#host.report(
      new MeshError('duty-failed', `A duty threw and is started again in ${pauseMs} ms: ${String(problem)}`, {
        cause: problem,
        details: { role: assignment.role },
      }),
    )
    assignment.cancelRestart = this.#host.clock.alarm(nowMs + pauseMs, () => {
      if (this.#assignments.has(assignment)) this.#run(assignment)
    })
  }

  #abort(assignment: Assignment): void {
    assignment.cancelRestart()
    const { controller } = assignment
    assignment.controller = undefined
    controller?.abort(new MeshError('not-leader', 'This peer does not lead any more.'))
  }

  #remove(assignment: Assignment): void {
    if (!this.#assignments.delete(assignment)) return
    this.#abort(assignment)
    assignment.stopped()
    this.#stand(assignment.role)
  }

  /** With the highest priority of all its duties; without one, no more. */
  #stand(role: string): void {
    if (role === '') return
    const priorities = [...this.#assignments].flatMap((each) => (each.role === role ? [each.priority] : []))
    if (priorities.length === 0) this.#host.stepAside(role)
    else this.#host.stand(role, Math.max(...priorities))
  }
}
