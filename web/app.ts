// Which screen is shown and why: asking for a name, opening, in the mesh, or unable to. What it needs of the
// page is handed in, so that it runs in a test.

import { signal, type ReadonlySignal } from '@preact/signals'
import type { Mesh, MeshOptions } from 'skein'
import { errorSentence } from './event-sentences.ts'
import { readInvitation, type Invitation } from './invitation.ts'
import { problemWithName, problemWithTopic, withoutMark } from './names.ts'
import type { Memory } from './remembered.ts'
import { openSession, type Session } from './state.ts'

export const defaultMesh = 'lobby'

export type Screen =
  | {
      readonly type: 'ask'
      readonly mesh: string
      readonly name: string
      readonly nameProblem?: string
      readonly meshProblem?: string
    }
  | { readonly type: 'opening'; readonly mesh: string; readonly name: string }
  | { readonly type: 'session'; readonly session: Session }
  | { readonly type: 'insecure'; readonly sentence: string }
  | { readonly type: 'failed'; readonly mesh: string; readonly name: string; readonly sentence: string }

export interface App {
  readonly screen: ReadonlySignal<Screen>
  /** Joins at once where the invitation or what is remembered says enough; else asks. */
  start(invitation: Invitation | undefined): Promise<void>
  join(mesh: string, name: string): Promise<void>
  /** Leaves the mesh and asks again. */
  leave(): Promise<void>
}

export interface AppEnvironment {
  readonly joinMesh: (options: MeshOptions) => Promise<Mesh>
  readonly memory: Memory
  readonly now: () => number
  readonly isVisible: () => boolean
  /** Told the mesh once it has joined, and undefined once it was left. */
  readonly publish: (mesh: Mesh | undefined) => void
}

export function createApp(environment: AppEnvironment): App {
  const { memory } = environment
  const screen = signal<Screen>({ type: 'ask', mesh: defaultMesh, name: '' })

  async function join(meshText: string, nameText: string): Promise<void> {
    const mesh = withoutMark(meshText) || defaultMesh
    const name = withoutMark(nameText)
    const nameProblem = problemWithName(name)
    const meshProblem = problemWithTopic(mesh, 'mesh')
    if (nameProblem !== undefined || meshProblem !== undefined) {
      screen.value = {
        type: 'ask',
        mesh,
        name,
        ...(nameProblem !== undefined && { nameProblem }),
        ...(meshProblem !== undefined && { meshProblem }),
      }
      return
    }
    screen.value = { type: 'opening', mesh, name }
    try {
      const joined = await environment.joinMesh({ mesh, name })
      memory.joined(name, mesh)
      environment.publish(joined)
      const session = openSession({
        mesh: joined,
        meshName: mesh,
        now: environment.now,
        isVisible: environment.isVisible,
        memory,
      })
      screen.value = { type: 'session', session }
      await joinGeneralOnce(session)
    } catch (error) {
      screen.value = failure(error, mesh, name)
    }
  }

  /** Only on the first visit: whoever left the room stays out of it. */
  async function joinGeneralOnce(session: Session): Promise<void> {
    if (!memory.isFirstVisit(session.meshName)) return
    try {
      await session.joinRoom('general')
      memory.visited(session.meshName)
    } catch (error) {
      session.report(error)
    }
  }

  return {
    screen,
    join,
    async start(invitation) {
      const remembered = memory.read()
      const mesh = invitation?.mesh ?? remembered.mesh ?? defaultMesh
      const name = invitation?.name ?? remembered.name ?? ''
      const enough = name !== '' && (invitation !== undefined || remembered.joinsAtOnce)
      if (enough) await join(mesh, name)
      else screen.value = { type: 'ask', mesh, name }
    },
    async leave() {
      const now = screen.value
      if (now.type !== 'session') return
      const { session } = now
      session.close()
      memory.leftOnPurpose()
      screen.value = { type: 'ask', mesh: session.meshName, name: session.me.value.name }
      environment.publish(undefined)
      await session.mesh.leave()
    },
  }
}

/** True where a changed fragment asks for another mesh or name. */
export const asksToMove = (hash: string): boolean => readInvitation(hash) !== undefined

function failure(error: unknown, mesh: string, name: string): Screen {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  const sentence = errorSentence(error)
  if (code === 'insecure-context') return { type: 'insecure', sentence }
  if (code === 'invalid-argument') return { type: 'ask', mesh, name, nameProblem: sentence }
  return { type: 'failed', mesh, name, sentence }
}
