// What programs hand in is refused in a sentence where it cannot work, and before anything is done with it.

import { describe, expect, test } from 'vitest'
import { joinMesh as joinInPage } from '../../core/browser.ts'
import { checkIceServers, checkOptions, fullTiming } from '../../core/options.ts'

describe('ICE servers', () => {
  const turn = { username: 'ada', credential: 'secret' }

  test.each([
    [{ urls: 'stun:example.org' }],
    [{ urls: 'STUN:example.org' }],
    [{ urls: ['stun:192.0.2.1:3478', 'stun:[2001:db8::1]:3478'] }],
    [{ urls: 'turn:example.org?transport=udp', ...turn }],
    [{ urls: ['turn:example.org:3478', 'turns:example.org:5349?transport=tcp'], ...turn }],
  ])('are taken: %j', (server) => {
    expect(() => checkIceServers([server])).not.toThrow()
  })

  test.each([
    ['example.org', {}],
    ['stun:', {}],
    ['stun://example.org', {}],
    ['stun:example.org:port', {}],
    ['stun:example.org?transport=udp', {}],
    ['stuns:example.org', {}],
    ['http://example.org', {}],
    ['turn:ada@example.org', turn],
    [undefined, {}],
    [[''], {}],
    [[], {}],
  ])('are refused, for no link would come about with them: %j', (urls, rest) => {
    const check = () => checkIceServers([{ urls: urls as string, ...rest }])
    expect(check).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  test('TURN needs a username and a credential', () => {
    for (const rest of [{}, { username: 'ada' }, { username: '', credential: 'secret' }]) {
      const check = () => checkIceServers([{ urls: ['stun:example.org', 'turn:example.org'], ...rest }])
      expect(check).toThrow('The TURN server “turn:example.org” needs a username and a credential.')
    }
  })

  test.each([['stun:example.org'], [[undefined]], [['stun:example.org']]])(
    'are a list of objects, not %j',
    (servers) => {
      expect(() => checkIceServers(servers as never)).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      )
    },
  )
})

test('a part of the timing that is undefined is left out', () => {
  const { silenceTimeoutMs } = fullTiming()
  expect(fullTiming({ heartbeatIntervalMs: 400, silenceTimeoutMs: undefined as never })).toMatchObject({
    heartbeatIntervalMs: 400,
    silenceTimeoutMs,
  })
  expect(() => fullTiming({ silenceTimeoutMs: 0 })).toThrow('must be a positive number')
})

test.each([
  { dataDir: '' },
  { dataDir: 7 },
  { candidate: 'false' },
  { candidate: null },
  { secret: 'geese' },
  { signalling: [] },
  { signaling: ['ws://localhost:4444/#acme'] },
  { timing: null },
  { timing: 500 },
  { timing: { heartbeatMs: 500 } },
])('%j is refused in a sentence', (options) => {
  expect(() => checkOptions({ mesh: 'acme', name: 'ada', ...options } as never)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  )
})

test.each([
  [{ signalling: [] }, 'There is no option “signalling” of joinMesh(): did you mean signaling?'],
  [{ datadir: '/tmp' }, 'There is no option “datadir” of joinMesh(): did you mean dataDir?'],
  [{ signals: null }, 'There is no option “signals” of joinMesh(): did you mean signal?'],
  [
    { timing: { silenceTimeout: 9 } },
    'There is no option “silenceTimeout” of timing: did you mean silenceTimeoutMs?',
  ],
  [
    { room: 'general' },
    'There is no option “room” of joinMesh(): use mesh, name, signaling, kind, priority, candidate, dataDir, store, iceServers, timing, signal.',
  ],
])('an option of an unknown name is refused, and the one meant is named: %j', (options, message) => {
  const all = { mesh: 'acme', name: 'ada', ...options } as never
  expect(() => checkOptions(all)).toThrow(expect.objectContaining({ code: 'invalid-argument', message }))
})

test('options that are undefined count as left out, whatever their names', () => {
  const timing = { silenceTimeout: undefined }
  checkOptions({ mesh: 'acme', name: 'ada', signalling: undefined, store: undefined, timing } as never)
})

test('joining where there is no page, as in a worker, is refused in a sentence', async () => {
  await expect(joinInPage({ mesh: 'acme', name: 'ada' })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringMatching(/for pages.*worker/),
  })
})
