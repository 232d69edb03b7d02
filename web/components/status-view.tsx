// How the mesh stands, in figures, for those who want them: live, readable on a phone, and as text for a bug report.

import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { conversationView } from '../route.ts'
import type { Session } from '../state.ts'
import { statusSections, statusText, type StatusInput, type StatusSection } from '../status-report.ts'
import { CopyButton } from './copy-button.tsx'

export function StatusView({ session }: { session: Session }) {
  const site = useSiteStorage()
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => heading.current?.focus(), [])
  const sections = statusSections({
    meshName: session.meshName,
    me: session.me.value,
    peers: session.peers.value,
    members: session.members.value,
    rooms: session.rooms.value,
    leader: session.leader.value,
    status: session.status.value,
    signalingProblem: session.signalingProblem.value,
    site,
  })
  return (
    <section class="status-view" data-testid="status-view" aria-labelledby="status-title">
      <header class="conversation-head">
        <h1 ref={heading} id="status-title" class="ellipsis" tabIndex={-1}>
          Status
        </h1>
        <p class="quiet ellipsis">Links, epochs, queues and storage, as they are now</p>
        <div class="head-actions">
          <CopyButton
            label="Copy as text"
            testId="status-copy"
            text={() => statusText(sections, new Date().toISOString(), navigator.userAgent)}
          />
          <button
            type="button"
            class="quiet-button"
            data-testid="status-close"
            onClick={() => session.show(conversationView)}
          >
            Close
          </button>
        </div>
      </header>
      <div class="status-sections" tabIndex={0} role="region" aria-label="Figures">
        {sections.map((section) =>
          section.id === 'counters' ? (
            <details
              key={section.id}
              class="status-section"
              data-testid="status-section"
              data-section="counters"
            >
              <summary>{section.title}</summary>
              <Lines section={section} />
            </details>
          ) : (
            <section
              key={section.id}
              class="status-section"
              data-testid="status-section"
              data-section={section.id}
            >
              <h2>{section.title}</h2>
              <Lines section={section} />
            </section>
          ),
        )}
      </div>
    </section>
  )
}

function Lines({ section: { lines, empty } }: { section: StatusSection }) {
  if (lines.length === 0) return <p class="quiet">{empty}</p>
  return (
    <dl>
      {lines.map(({ label, value, tone }, at) => (
        <div key={`${at} ${label}`} data-testid="status-line-item">
          <dt>{label}</dt>
          <dd data-tone={tone}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const siteLookMs = 5000

/** What the browser says of the whole site's storage; looked at again every few seconds. */
function useSiteStorage(): StatusInput['site'] {
  const site = useSignal<StatusInput['site']>(undefined)
  useEffect(() => {
    const storage = navigator.storage as StorageManager | undefined
    const look = async (): Promise<void> => {
      const { usage, quota } = (await storage?.estimate()) ?? {}
      if (usage !== undefined && quota !== undefined) site.value = { usageBytes: usage, quotaBytes: quota }
    }
    // A browser that does not say is shown as one that does not say.
    const lookOrNot = (): void => void look().catch(() => undefined)
    lookOrNot()
    const timer = setInterval(lookOrNot, siteLookMs)
    return () => clearInterval(timer)
  }, [])
  return site.value
}
