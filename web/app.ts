// Which screen is shown and why: asking for a name, opening, in the mesh, or unable to. What it needs of the
// page is handed in, so that it runs in a test.

import { signal, type ReadonlySignal } from '@preact/signals'
import type { Mesh, MeshOptions, PeerId } from 'skein'
import type { Attention } from './attention.ts'
import { eraseWithPatience, untilAlone } from './erasing.ts'
import { errorSentence } from './event-sentences.ts'
import { readInvitation, type Invitation } from './invitation.ts'
import { problemWithName, problemWithTopic, withoutMark } from './names.ts'
import { createNotifications, type NotificationPort, type Notifications } from './notifications.ts'
import type { ReadPositions } from './read-positions.ts'
import type { Memory } from './remembered.ts'
import type { SiblingTabs } from './sibling-tabs.ts'
import { openSession, type Session } from './state.ts'

export const defaultMesh = 'lobby'

export type Screen =
  | {
      readonly type: 'ask'
      readonly mesh: string
      readonly name: string
      readonly nameProblem?: string
      readonly meshProblem?: string
      /** What has just happened. */
      readonly notice?: string
    }
  | { readonly type: 'opening'; readonly mesh: string; readonly name: string }
  | { readonly type: 'session'; readonly session: Session; readonly notifications: Notifications }
  | { readonly type: 'erasing'; readonly mesh: string }
  | {
      readonly type: 'erase-failed'
      readonly mesh: string
      readonly name: string
      /** What this tab was in it. */
      readonly me: PeerId
      readonly sentence: string
    }
  | { readonly type: 'insecure'; readonly sentence: string }
  | { readonly type: 'failed'; readonly mesh: string; readonly name: string; readonly sentence: string }

export interface App {
  readonly screen: ReadonlySignal<Screen>
  /** Joins at once where the invitation or what is remembered says enough; else asks. */
  start(invitation: Invitation | undefined): Promise<void>
  join(mesh: string, name: string): Promise<void>
  /** Asks again, for another mesh than the one that could not be joined. */
  askAgain(): void
  /** Leaves the mesh and asks again. */
  leave(notice?: string): Promise<void>
  /**
   * Has the other tabs of this browser leave, leaves, and deletes what this device holds of the mesh. Resolves with a
   * sentence where another tab stays in it: then nothing has happened here.
   */
  erase(): Promise<string | undefined>
  /** Tries the deletion again after it failed. */
  eraseAgain(): Promise<void>
}

export interface AppEnvironment {
  readonly joinMesh: (options: MeshOptions) => Promise<Mesh>
  readonly eraseMesh: (options: { mesh: string; name: string }) => Promise<void>
  readonly memory: Memory
  readonly positionsOf: (mesh: string) => ReadPositions
  readonly now: () => number
  readonly attention: Attention
  readonly notifications: NotificationPort
  readonly siblings: SiblingTabs
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
    const opening: Screen = { type: 'opening', mesh, name }
    screen.value = opening
    try {
      const joined = await environment.joinMesh({ mesh, name })
      // Another tab, which erases, has asked to leave meanwhile.
      if (screen.value !== opening) return await joined.leave()
      memory.joined(name, mesh)
      environment.publish(joined)
      const session = openSession({
        mesh: joined,
        meshName: mesh,
        now: environment.now,
        attention: environment.attention,
        memory,
        positions: environment.positionsOf(mesh),
      })
      const notifications = createNotifications({ session, port: environment.notifications, memory })
      screen.value = { type: 'session', session, notifications }
      await joinGeneralOnce(session)
    } catch (error) {
      if (screen.value === opening) screen.value = failure(error, mesh, name)
    }
  }

  /** Only on the first visit: whoever left the room stays out of it. What is on the screen meanwhile stays there. */
  async function joinGeneralOnce(session: Session): Promise<void> {
    if (!memory.isFirstVisit(session.meshName)) return
    try {
      await session.mesh.room('general').join()
      memory.visited(session.meshName)
    } catch (error) {
      session.report(error)
    }
  }

  /** Stops everything of the app that listens to the mesh; the mesh itself goes on until it is left. */
  function put(
    { session, notifications }: Extract<Screen, { type: 'session' }>,
    next: Screen,
  ): Promise<void> {
    notifications.close()
    session.close()
    memory.leftOnPurpose()
    screen.value = next
    environment.publish(undefined)
    return session.mesh.leave()
  }

  async function eraseLeft(mesh: string, name: string, me: PeerId, leaving?: Promise<void>): Promise<void> {
    screen.value = { type: 'erasing', mesh }
    try {
      await leaving
      await eraseWithPatience(() => environment.eraseMesh({ mesh, name }))
      memory.forgetMesh(mesh)
      const notice = `Erased: this device holds nothing of ${mesh} any more.`
      screen.value = { type: 'ask', mesh: defaultMesh, name, notice }
    } catch (error) {
      screen.value = { type: 'erase-failed', mesh, name, me, sentence: errorSentence(error) }
    }
  }

  /** The stay that waits for the other tabs to leave, so as to erase. */
  let erasing: Session | undefined

  environment.siblings.onAskedToLeave((mesh, by) => {
    const now = screen.value
    const notice = `You left ${mesh} in another tab, which erases what this device holds of it.`
    if (now.type === 'session' && now.session.meshName === mesh) {
      // Of two that erase at once one stays to do it.
      if (now.session === erasing && erasing.me.value.id < by) return
      leave(notice).catch(now.session.report)
    }
    if (now.type === 'opening' && now.mesh === mesh) {
      memory.leftOnPurpose()
      screen.value = { type: 'ask', mesh, name: now.name, notice }
    }
    // Also what a tab keeps that has left before.
    memory.forgetInTab(mesh)
  })

  async function leave(notice?: string): Promise<void> {
    const now = screen.value
    if (now.type !== 'session') return
    const { meshName, me } = now.session
    await put(now, {
      type: 'ask',
      mesh: meshName,
      name: me.value.name,
      ...(notice !== undefined && { notice }),
    })
  }

  return {
    screen,
    join,
    async start(invitation) {
      const remembered = memory.read()
      const mesh = invitation?.mesh ?? remembered.mesh ?? defaultMesh
      const name = invitation?.name ?? remembered.name ?? ''
      if (withoutMark(mesh) === '') {
        const meshProblem = 'The link does not say which mesh; its end may be missing.'
        screen.value = { type: 'ask', mesh: '', name, meshProblem }
        return
      }
      if (invitation?.hasSecret) {
        const meshProblem =
          'The link bears a secret, but there are no mesh secrets yet: whoever knows the name of this mesh can join it.'
        screen.value = { type: 'ask', mesh, name, meshProblem }
        return
      }
      const enough = name !== '' && (invitation !== undefined || remembered.joinsAtOnce)
      if (enough) await join(mesh, name)
      else screen.value = { type: 'ask', mesh, name }
    },
    askAgain() {
      const now = screen.value
      if (now.type === 'failed') screen.value = { type: 'ask', mesh: now.mesh, name: now.name }
    },
    leave,
    async erase() {
      const now = screen.value
      if (now.type !== 'session') return undefined
      const { session } = now
      erasing = session
      environment.siblings.askToLeave(session.meshName, session.me.value.id)
      const alone = await untilAlone(session)
      // Another tab that erases has had this one leave meanwhile.
      if (screen.value !== now) return undefined
      erasing = undefined
      if (!alone)
        return `Another tab of this browser is still in ${session.meshName} and does not leave. Close it, then erase again. Nothing was erased.`
      const name = session.me.value.name
      const mesh = session.meshName
      await eraseLeft(mesh, name, session.me.value.id, put(now, { type: 'erasing', mesh }))
      return undefined
    },
    async eraseAgain() {
      const now = screen.value
      if (now.type !== 'erase-failed') return
      // One may have been opened meanwhile.
      environment.siblings.askToLeave(now.mesh, now.me)
      await eraseLeft(now.mesh, now.name, now.me)
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
