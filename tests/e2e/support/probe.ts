// What a test wants to know of a peer, recorded where the peer runs: from the moment it has joined, so that nothing
// is missed between two questions. The same code runs in a page and in an agent.

import type { DocState, FencingToken, Mesh } from 'skein'

/** One thing that the duty or the inbox did, with the wall clock it saw (ms since 1970). */
export interface Act {
  readonly atMs: number
  readonly what: 'started' | 'acted' | 'refused' | 'aborted'
  readonly epoch: number
  readonly token?: FencingToken
}

export interface Received {
  readonly id: string
  readonly fromName: string
  readonly to: string
  readonly body: unknown
  readonly attempt: number
}

/** Plain data, so that it can be carried out of a page. */
export interface Report {
  readonly me: string
  readonly member: string
  readonly leader: string | undefined
  readonly epoch: number
  readonly peers: readonly string[]
  readonly settled: boolean
  readonly seniority: number | undefined
  readonly linked: readonly { readonly peer: string; readonly kind: string }[]
  readonly signaling: readonly string[]
  readonly undelivered: number
  readonly waitingForName: number
  readonly counters: Readonly<Record<string, number>>
  /** Peers this one declared gone, and how. */
  readonly left: readonly { readonly peer: string; readonly reason: string; readonly atMs: number }[]
  readonly leaders: readonly {
    readonly leader: string | undefined
    readonly epoch: number
    readonly reason: string
  }[]
  readonly errors: readonly string[]
  /** Duties running now. */
  readonly duties: number
  readonly acts: readonly Act[]
  /** What the inbox gave, in its order. */
  readonly inbox: readonly Received[]
  readonly handled: readonly string[]
  /** Ids of `message` events, in their order. */
  readonly messages: readonly string[]
}

/** How a document stands with this peer. */
export interface DocReport {
  readonly text: string
  readonly state: DocState
  readonly basedOn: readonly string[]
  readonly stored: boolean
  /** Names that the awareness states of others give. */
  readonly others: readonly string[]
}

export interface Probe {
  report(): Report
  /** Puts each of these in front of the document's text, in an edit of its own, and shows others that `name` is here. */
  writeDoc(doc: string, name: string, lines: readonly string[]): Promise<void>
  /** Opens the document where it is not open. */
  readDoc(doc: string): Promise<DocReport>
  /** Resolves when everything in it is in this device's store. */
  untilDocStored(doc: string): Promise<void>
  /** Registers a duty that acts every few milliseconds, each act with a token of its own. */
  lead(): void
  /** Begins to consume the inbox; each message is recorded and then handled. */
  consume(): void
  /** Ends consuming. */
  stopConsuming(): void
}

/** Self-contained: it is also sent to pages as text. */
export function createProbe(mesh: Mesh): Probe {
  const left: { peer: string; reason: string; atMs: number }[] = []
  const leaders: { leader: string | undefined; epoch: number; reason: string }[] = []
  const errors: string[] = []
  const acts: Act[] = []
  const inbox: Received[] = []
  const handled: string[] = []
  const messages: string[] = []
  let duties = 0
  let consuming: AbortController | undefined
  const now = (): number => Date.now()
  const note = (act: Omit<Act, 'atMs'>): void => void acts.push({ atMs: now(), ...act })

  const handles = new Map<string, ReturnType<Mesh['doc']>>()
  const open = (doc: string): ReturnType<Mesh['doc']> => {
    const opening = handles.get(doc) ?? mesh.doc(doc)
    handles.set(doc, opening)
    return opening
  }

  mesh.on('peers', (change) => {
    for (const { peer, reason } of change.left) left.push({ peer: peer.id, reason, atMs: now() })
  })
  mesh.on('leader', ({ leader, epoch, reason }) => leaders.push({ leader: leader?.id, epoch, reason }))
  mesh.on('error', (error) => errors.push(`${error.code}: ${error.message}`))
  mesh.on('message', ({ id }) => messages.push(id))

  return {
    report() {
      const { queues, signaling, links, counters, settled } = mesh.status()
      return {
        me: mesh.me.id,
        member: mesh.me.member,
        leader: mesh.leader?.id,
        epoch: mesh.epoch,
        peers: [...mesh.peers.keys()].toSorted(),
        settled,
        seniority: mesh.me.seniority,
        linked: links.map(({ peer, kind }) => ({ peer, kind })),
        signaling: signaling.map(({ state }) => state),
        undelivered: queues.undelivered,
        waitingForName: queues.waitingForName,
        counters,
        left,
        leaders,
        errors,
        duties,
        acts,
        inbox,
        handled,
        messages,
      }
    },
    async writeDoc(which, name, lines) {
      const { doc, awareness } = await open(which)
      awareness.setLocalStateField('user', { name })
      for (const line of lines) doc.getText('text').insert(0, line)
    },
    async readDoc(which) {
      const { doc, awareness, state, basedOn, stored } = await open(which)
      const states = [...awareness.getStates()].filter(([client]) => client !== doc.clientID)
      const others = states.map(([, { user }]) => (user as { name: string } | undefined)?.name ?? 'nameless')
      return { text: doc.getText('text').toJSON(), state, basedOn, stored, others: others.toSorted() }
    },
    async untilDocStored(which) {
      await (await open(which)).whenStored()
    },
    lead() {
      mesh.lead(async ({ epoch, signal, token }) => {
        duties++
        note({ what: 'started', epoch })
        signal.addEventListener('abort', () => {
          duties--
          note({ what: 'aborted', epoch })
        })
        while (!signal.aborted) {
          try {
            note({ what: 'acted', epoch, token: token() })
          } catch {
            return note({ what: 'refused', epoch })
          }
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })
    },
    consume() {
      const controller = new AbortController()
      consuming = controller
      void (async () => {
        for await (const message of mesh.inbox({ signal: controller.signal })) {
          const { id, fromName, to, body, attempt } = message
          inbox.push({ id, fromName, to, body, attempt })
          await message.handled()
          handled.push(id)
        }
      })().catch((error: unknown) => errors.push(`inbox: ${String(error)}`))
    },
    stopConsuming() {
      consuming?.abort()
    },
  }
}
