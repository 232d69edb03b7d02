// What the app's tabs in one browser say to each other, beside what the mesh says: "leave, I am erasing this". It goes
// over a BroadcastChannel, which only pages of this origin can write to; a cast of the mesh could come from anybody.

import type { Off, PeerId } from 'skein'

export interface SiblingTabs {
  /** Asks the app's other tabs in this browser to leave the mesh; `by` is who asks. */
  askToLeave(mesh: string, by: PeerId): void
  onAskedToLeave(listener: (mesh: string, by: PeerId) => void): Off
}

interface LeaveMessage {
  readonly type: 'leave'
  readonly mesh: string
  readonly by: PeerId
}

export function createSiblingTabs(name = 'skein-app'): SiblingTabs {
  // One for speaking and hearing: a second one in the same page would hear the first.
  const channel = new BroadcastChannel(name)
  return {
    askToLeave: (mesh, by) => channel.postMessage({ type: 'leave', mesh, by } satisfies LeaveMessage),
    onAskedToLeave(listener) {
      const hear = ({ data }: MessageEvent<Partial<LeaveMessage> | undefined>): void => {
        const { type, mesh, by } = data ?? {}
        if (type === 'leave' && mesh !== undefined && by !== undefined) listener(mesh, by)
      }
      channel.addEventListener('message', hear)
      return () => channel.removeEventListener('message', hear)
    },
  }
}
