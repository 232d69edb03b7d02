// What the app's tabs in one browser say to each other, beside what the mesh says: "leave, I am erasing this". It goes
// over a BroadcastChannel, which only pages of this origin can write to; a cast of the mesh could come from anybody.

import type { Off } from 'skein'

export interface SiblingTabs {
  /** Asks the app's other tabs in this browser to leave the mesh. */
  askToLeave(mesh: string): void
  onAskedToLeave(listener: (mesh: string) => void): Off
}

interface LeaveMessage {
  readonly type: 'leave'
  readonly mesh: string
}

export function createSiblingTabs(name = 'skein-app'): SiblingTabs {
  // One for speaking and hearing: a second one in the same page would hear the first.
  const channel = new BroadcastChannel(name)
  return {
    askToLeave: (mesh) => channel.postMessage({ type: 'leave', mesh } satisfies LeaveMessage),
    onAskedToLeave(listener) {
      const hear = ({ data }: MessageEvent<Partial<LeaveMessage> | undefined>): void => {
        if (data?.type === 'leave' && typeof data.mesh === 'string') listener(data.mesh)
      }
      channel.addEventListener('message', hear)
      return () => channel.removeEventListener('message', hear)
    },
  }
}
