// The sentences the app says, and how it reads what people and peers wrote.

import { describe, expect, test } from 'vitest'
import type { Address, LeaderChange, MemberId, Message } from 'skein'
import { beginningOf, textOf } from '../../web/body-text.ts'
import { errorSentence, leaderSentence, signalingSentences } from '../../web/event-sentences.ts'
import { readInvitation, takeInvitation } from '../../web/invitation.ts'
import { piecesOf } from '../../web/links-in-text.ts'
import { problemWithName, problemWithTopic, withoutMark } from '../../web/names.ts'
import { cacheName, planFor } from '../../web/offline-policy.ts'
import {
  ago,
  dayOf,
  deliverySentence,
  inARow,
  labelOf,
  linkOf,
  momentOf,
  readersSentence,
} from '../../web/words.ts'
import { sentencesOnName, statusSentence } from '../../web/words.ts'
import { FakeMesh } from './web-fake-mesh.ts'

describe('names', () => {
  test('good names pass, bad ones get a sentence', () => {
    expect(problemWithName('Ada_1-x')).toBeUndefined()
    expect(problemWithName('')).toMatch(/Type a name/)
    expect(problemWithName('ada lovelace')).toMatch(/letters/)
    expect(problemWithName('a'.repeat(33))).toMatch(/33 characters; 32/)
    expect(problemWithTopic('a'.repeat(64), 'room')).toBeUndefined()
    expect(problemWithTopic('a'.repeat(65), 'mesh')).toMatch(/64/)
    expect(withoutMark(' #general ')).toBe('general')
    expect(withoutMark('@ada')).toBe('ada')
  })
})

describe('a conversation with a name', () => {
  test('says that nobody bears it, and who bears it written otherwise', () => {
    const mesh = new FakeMesh('ada')
    mesh.arrive('bob')
    expect(sentencesOnName('@zoe', mesh.members)).toEqual({
      who: 'Nobody of this name has been seen yet',
      hint: 'Nobody named zoe has been seen. What you write is stored here and waits for zoe, up to 7 days.',
    })
    expect(sentencesOnName('@Bob', mesh.members).hint).toMatch(
      /^Nobody named Bob has been seen; bob has, but/,
    )
  })

  test('that several bear goes to all of them', () => {
    const mesh = new FakeMesh('ada')
    const bobs = [mesh.arrive('bob'), mesh.arrive('bob', { member: 'b2' as MemberId })]
    expect(sentencesOnName('@bob', mesh.members)).toEqual({ who: 'Goes to all 2 named bob', hint: undefined })
    for (const bob of bobs) mesh.depart(bob, 'left')
    expect(sentencesOnName('@bob', mesh.members).hint).toMatch(/^Nobody named bob is here now/)
  })

  test('that is empty says who will read along', () => {
    const mesh = new FakeMesh('ada')
    const words = (to: Address) => readersSentence(to, mesh.me.member)
    expect(words('#general')).toMatch(/everyone in the room/)
    expect(words('@bob')).toBe('Only you and those named bob see what is written here.')
    expect(words(mesh.arrive('bob').member)).toBe('Only the two of you see what is written here.')
    expect(words(mesh.me.member)).toBe('Only you see what is written here.')
  })
})

describe('the invitation in the address', () => {
  test('is read from the fragment', () => {
    expect(readInvitation('#mesh=acme&name=ada')).toMatchObject({ mesh: 'acme', name: 'ada' })
    expect(readInvitation('#mesh=acme')).toEqual({ mesh: 'acme', name: undefined, hasSecret: false })
    expect(readInvitation('#conversation')).toBeUndefined()
    expect(readInvitation('')).toBeUndefined()
  })

  test('is wiped from the address bar once read, and a fragment of another kind is not', () => {
    const wiped: string[] = []
    const page = (hash: string) => ({
      location: { hash, pathname: '/', search: '?x=1' } as Location,
      history: {
        replaceState: (_s: unknown, _t: string, url: string) => wiped.push(url),
      } as unknown as History,
    })
    expect(takeInvitation(page('#name=ada'))?.name).toBe('ada')
    expect(takeInvitation(page('#elsewhere'))).toBeUndefined()
    expect(wiped).toEqual(['/?x=1'])
    expect(takeInvitation(page('#secret=xyz'))?.hasSecret).toBe(true)
    expect(wiped).toHaveLength(2)
  })
})

describe('text from peers', () => {
  const links = (text: string): string[] =>
    piecesOf(text).flatMap((piece) => (piece.kind === 'link' ? [piece.href] : []))

  test('only http and https become links', () => {
    expect(links('see https://a.example/x and http://b.example')).toEqual([
      'https://a.example/x',
      'http://b.example/',
    ])
    expect(links('javascript:alert(1) data:text/html,x file:///etc ftp://a.example vbscript:x')).toEqual([])
    expect(links('xhttps://a.example')).toEqual(['https://a.example/'])
    expect(links('https://')).toEqual([])
  })

  test('punctuation around an address stays outside, a bracket of its own stays inside', () => {
    expect(links('(https://a.example/b).')).toEqual(['https://a.example/b'])
    expect(links('https://a.example/b_(c), then')).toEqual(['https://a.example/b_(c)'])
    expect(links('<a href="https://a.example/">')).toEqual(['https://a.example/'])
  })

  test('nothing of the text is lost or changed, direction marks included', () => {
    for (const text of [
      '',
      'plain',
      'https://a.example\u202Egpj.exe b',
      '<b>x</b> https://a.example/?q=<i> end',
      'http://[bad',
    ])
      expect(
        piecesOf(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text)
    expect(links('https://a.example\u202Egpj.exe')).toEqual(['https://a.example/'])
  })
})

describe('who has a message', () => {
  const mesh = new FakeMesh('ada')
  const [bob, carol, dora, erin, finn] = ['bob', 'carol', 'dora', 'erin', 'finn'].map(
    (name) => mesh.arrive(name).member,
  )
  const me = mesh.me.member
  const said = (change: Partial<Message>): string => {
    const message = mesh.receive({ member: me, name: 'ada' }, bob!, 'x', { silent: true })
    return deliverySentence({ ...message, ...change }, me, mesh.members)
  }

  test('every state has its words', () => {
    expect(said({})).toBe('stored, waiting for bob')
    expect(said({ deliveredTo: new Set([bob!]), state: 'delivered' })).toBe('delivered to bob')
    expect(said({ addressees: [bob!, carol!], deliveredTo: new Set([bob!]) })).toBe(
      'delivered to bob, waiting for carol',
    )
    expect(said({ to: '@zoe', addressees: [], state: 'waiting' })).toBe(
      'stored, waiting for somebody named zoe',
    )
    expect(said({ state: 'expired' })).toBe('expired, bob never got it')
    expect(said({ to: '#general', addressees: [] })).toBe('stored, goes to whoever joins')
  })

  test('the author is never among those who have it or lack it', () => {
    expect(said({ addressees: [me, bob!], deliveredTo: new Set([me]) })).toBe('stored, waiting for bob')
  })

  test('many names are shortened', () => {
    expect(said({ addressees: [bob!, carol!, dora!, erin!, finn!] })).toBe(
      'stored, waiting for bob, carol, dora and 2 others',
    )
    expect(inARow(['a', 'b', 'c', 'd'])).toBe('a, b, c and d')
  })

  test('two bearers of one name are told apart', () => {
    const twins = new FakeMesh('ada')
    const first = twins.arrive('bob').member
    const second = twins.arrive('bob', { member: 'f'.repeat(32) as typeof first }).member
    expect(labelOf(first, twins.members)).not.toBe(labelOf(second, twins.members))
    expect(labelOf(second, twins.members)).toBe('bob (ffff)')
  })
})

describe('how things stand', () => {
  test('links are named by how they run', () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob', { link: 'webrtc' })
    const tab = mesh.arrive('ada', { link: 'tabs' })
    const carol = mesh.arrive('carol')
    expect([mesh.me, bob, tab, carol].map((peer) => linkOf(peer, mesh.me, mesh.links))).toEqual([
      'self',
      'webrtc',
      'tabs',
      'mesh',
    ])
    expect(statusSentence(mesh.status(), 3)).toBe('Linked with 2 of 3 others · signaling server connected')
    mesh.links = []
    expect(statusSentence(mesh.status(), 3)).toMatch(/^Linked with none of 3 others ·/)
    expect(statusSentence(mesh.status(), 1)).toMatch(/^Not linked with the other one ·/)
  })

  test('alone is said only once discovery has settled', () => {
    const mesh = new FakeMesh('ada')
    mesh.settled = false
    mesh.signaling = [{ url: 'ws://signal.test/', state: 'connecting' }]
    expect(statusSentence(mesh.status(), 0)).toBe('Looking for others… · connecting to the signaling server')
    mesh.setStatus({ settled: true, signaling: [{ url: 'ws://signal.test/', state: 'closed' }] })
    expect(statusSentence(mesh.status(), 0)).toMatch(
      /^Nobody else is here.* · signaling server out of reach$/,
    )
  })

  test('time gone by', () => {
    expect(ago(0, 59_000)).toBe('just now')
    expect(ago(0, 60_000)).toBe('1 minute ago')
    expect(ago(0, 25 * 3_600_000)).toBe('1 day ago')
    expect(ago(9_000, 0)).toBe('just now')
  })
})

describe('events', () => {
  test.each([
    ['failed', "bob's tab went away; carol leads now."],
    ['left', 'bob left; carol leads now.'],
    ['resigned', "bob's tab stepped down; carol leads now."],
    ['outranked', "carol's tab ranks higher; carol leads now."],
    ['merged', 'Two parts of the mesh met; carol leads now.'],
    ['stalled', "bob's tab stood still for a while; carol leads now."],
    ['elected', 'carol leads now.'],
  ] satisfies [LeaderChange['reason'], string][])('a leader who %s', (reason, text) => {
    const mesh = new FakeMesh('ada')
    const [previous, leader] = [mesh.arrive('bob'), mesh.arrive('carol')]
    expect(leaderSentence({ previous, leader, epoch: 2, reason }, mesh.me, () => 0)).toBe(text)
  })

  test('this tab is spoken to as you', () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob')
    const change = { previous: bob, leader: mesh.me, epoch: 2, reason: 'failed' } as const
    expect(leaderSentence(change, mesh.me, () => 0)).toBe("bob's tab went away; you lead now.")
    expect(
      leaderSentence({ ...change, previous: mesh.me, leader: bob, reason: 'stalled' }, mesh.me, () => 0),
    ).toBe('This tab stood still for a while; bob leads now.')
  })

  test('a server is said to be gone once, and to be back once', () => {
    const mesh = new FakeMesh('ada')
    const status = (state: 'open' | 'closed' | 'connecting') => {
      mesh.signaling = [{ url: 'ws://signal.test/', state }]
      return mesh.status()
    }
    const said = (up: boolean, state: 'open' | 'closed' | 'connecting', linked = 1) =>
      signalingSentences(new Map([['ws://signal.test/', up]]), status(state), linked).map(({ text }) => text)
    expect(said(true, 'closed')).toEqual([
      'The signaling server cannot be reached; everyone you are linked with stays connected.',
    ])
    expect(said(true, 'closed', 0)[0]).toMatch(/goes out later/)
    expect(said(false, 'closed')).toEqual([])
    expect(said(false, 'connecting')).toEqual([])
    expect(said(true, 'open')).toEqual([])
    expect(said(false, 'open')).toEqual(['The signaling server is back.'])
  })

  test('errors are sentences led by what they mean', () => {
    const full = Object.assign(new Error('The browser gives no more room'), { code: 'storage-full' })
    expect(errorSentence(full)).toBe('Your storage is full: The browser gives no more room.')
    expect(errorSentence(new Error('Odd'))).toBe('Odd.')
    expect(errorSentence('text')).toBe('text.')
  })
})

describe('the service worker', () => {
  const assets = new Set(['/assets/main-1a2b.js', '/index.html'])
  const plan = (path: string, mode = 'cors', method = 'GET') =>
    planFor({ url: new URL(path, 'http://app.test').href, mode, method }, 'http://app.test', '/', assets)

  test('pages fall back to index.html, built files come from the cache', () => {
    expect(plan('/', 'navigate')).toBe('page')
    expect(plan('/anything?x', 'navigate')).toBe('page')
    expect(plan('/assets/main-1a2b.js')).toBe('asset')
    expect(plan('/assets/other.js')).toBe('leave')
  })

  test('what the server answers itself is never touched', () => {
    for (const path of ['/health', '/metrics', '/ready']) {
      expect(plan(path, 'navigate')).toBe('leave')
      expect(plan(path)).toBe('leave')
    }
    expect(plan('/', 'navigate', 'POST')).toBe('leave')
    expect(plan('http://elsewhere.test/assets/main-1a2b.js')).toBe('leave')
  })

  test('another build has another cache', () => {
    expect(cacheName(['/a-1.js'])).not.toBe(cacheName(['/a-2.js']))
    expect(cacheName(['/a-1.js'])).toBe(cacheName(['/a-1.js']))
  })
})

test('a time that no calendar holds has words too: a peer may send any', () => {
  const now = Date.UTC(2026, 10, 23, 12)
  expect(dayOf(now, now)).toBe('Today')
  expect(dayOf(now - 3 * 86_400_000, now)).toContain('2026')
  expect(momentOf(now)?.attribute).toBe('2026-11-23T12:00:00.000Z')
  for (const at of [8.7e15, Number.MAX_SAFE_INTEGER, NaN]) {
    expect(dayOf(at, now)).toBe('No date')
    expect(momentOf(at)).toBeUndefined()
  }
})

describe('a body as text', () => {
  test('short JSON is laid out, long JSON is not, bytes are counted', () => {
    expect(textOf('as it is')).toBe('as it is')
    expect(textOf({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}')
    expect(textOf(Array.from({ length: 500_000 }, () => 0))).toHaveLength(1_000_001)
    expect(textOf(new Uint8Array(2))).toBe('2 bytes of data')
  })

  test('nested deeper than any stack is said to be so', () => {
    expect(textOf(JSON.parse('['.repeat(300_000) + ']'.repeat(300_000)))).toMatch(/nested too deep/)
  })

  test('only its beginning is drawn at first, without half a character', () => {
    expect(beginningOf('short')).toBe('short')
    expect(beginningOf('w'.repeat(1_000_000))).toHaveLength(10_000)
    expect(beginningOf(`${'w'.repeat(9_999)}🪿🪿`)).toBe('w'.repeat(9_999))
  })
})
