// The Connector port: an offer goes out as text, an answer comes back as text, and only then does a link form,
// if both processes live, neither gave up, and the network joins them. A dial that leads nowhere fails by itself.

import type { PeerId } from '../../base/ids.ts'
import type { Connector, ConnectorEvents } from '../../base/ports.ts'
import { between, type Host } from './host.ts'
import { createLinkPair, type SimLink } from './link.ts'
import type { Network } from './network.ts'

/** One end of one dial. */
interface Attempt {
  readonly id: string
  readonly host: Host
  readonly remote: PeerId
  readonly connection: string
  readonly initiator: boolean
  /** Given up, failed, or handed over as a link. */
  over: boolean
  /** The link has formed and is being handed over. */
  link: SimLink | undefined
  /** The initiator took an answer. */
  answered: boolean
  handOver(link: SimLink): void
}

/** All attempts of the world, by the id that offers and answers carry. */
export interface Attempts {
  add(attempt: Attempt): void
  find(id: string): Attempt | undefined
  remove(id: string): void
  nextId(): string
}

export function createAttempts(): Attempts {
  const attempts = new Map<string, Attempt>()
  let count = 0
  return {
    add: (attempt) => attempts.set(attempt.id, attempt),
    find: (id) => attempts.get(id),
    remove: (id) => attempts.delete(id),
    nextId: () => `attempt-${++count}`,
  }
}

const signalForm = /^simulated (offer|answer) (\S+)(?: (\S+))?$/

export function createConnector(host: Host, network: Network, attempts: Attempts): Connector {
  const { random } = network
  const mine = new Map<string, Attempt>()
  let closed = false
  let events: ConnectorEvents | undefined
  const keyOf = (remote: PeerId, connection: string): string => `${remote} ${connection}`

  const end = (attempt: Attempt): void => {
    attempt.over = true
    mine.delete(keyOf(attempt.remote, attempt.connection))
    attempts.remove(attempt.id)
  }

  const begin = (remote: PeerId, connection: string, initiator: boolean): Attempt => {
    const attempt: Attempt = {
      id: attempts.nextId(),
      host,
      remote,
      connection,
      initiator,
      over: false,
      link: undefined,
      answered: false,
      handOver: (link) => {
        attempt.link = link
        host.after(between(random, 0, 4), `linked ${connection}`, () => {
          if (attempt.over) return
          end(attempt)
          events?.linked(link)
        })
      },
    }
    mine.set(keyOf(remote, connection), attempt)
    attempts.add(attempt)
    host.after(between(random, 8_000, 14_000), `dial ${connection} times out`, () => {
      if (attempt.over || attempt.link !== undefined) return
      end(attempt)
      events?.failed(remote, connection, 'no path to the peer was found')
    })
    return attempt
  }

  const speak = (attempt: Attempt, data: string): void => {
    host.after(between(random, 1, 6), `signal ${data}`, () => {
      if (!attempt.over) events?.signal(attempt.remote, attempt.connection, data)
    })
  }

  const abandon = (attempt: Attempt): void => {
    end(attempt)
    attempt.link?.close()
  }

  const answer = (remote: PeerId, connection: string, offeredBy: string): void => {
    const attempt = begin(remote, connection, false)
    speak(attempt, `simulated answer ${offeredBy} ${attempt.id}`)
  }

  const takeAnswer = (attempt: Attempt, answerId: string): void => {
    const far = attempts.find(answerId)
    if (far === undefined || far.initiator || attempt.answered) return
    attempt.answered = true
    network.timeline.at(network.timeline.now + between(random, 10, 80), () => connect(network, attempt, far))
  }

  return {
    get events() {
      return events
    },
    set events(listener) {
      events = listener
    },
    dial: (remote, connection) => {
      if (closed || !host.alive || mine.has(keyOf(remote, connection))) return
      host.effect('dial', (done) => {
        const attempt = begin(remote, connection, true)
        speak(attempt, `simulated offer ${attempt.id}`)
        done?.()
      })
    },
    signal: (remote, connection, data) => {
      if (closed || !host.alive) return
      const [, type, attemptId = '', answerId = ''] = signalForm.exec(data) ?? []
      const known = mine.get(keyOf(remote, connection))
      if (type === 'offer' && known === undefined) answer(remote, connection, attemptId)
      if (type === 'answer' && known?.initiator === true && known.id === attemptId)
        takeAnswer(known, answerId)
    },
    abandon: (remote, connection) => {
      const attempt = mine.get(keyOf(remote, connection))
      if (attempt !== undefined) abandon(attempt)
    },
    configure: () => undefined,
    close: () => {
      closed = true
      for (const attempt of [...mine.values()]) abandon(attempt)
    },
  }
}

/** Where it does not come about, the attempts' own deadlines end them. */
function connect(network: Network, initiator: Attempt, answerer: Attempt): void {
  if ([initiator, answerer].some(({ over, host, link }) => over || !host.alive || link !== undefined)) return
  const [a, b] = [initiator.host.name, answerer.host.name]
  if (!network.reaches(a, b) || !network.reaches(b, a)) return
  const [linkA, linkB] = createLinkPair(network, 'webrtc', initiator, answerer)
  initiator.handOver(linkA)
  answerer.handOver(linkB)
}
