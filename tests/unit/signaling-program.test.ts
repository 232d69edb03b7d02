// The signaling server as people start it: a child process with flags, its port, its words, its entry in the
// machine's registry, and its end; and the reader of that registry, which believes no file that is not true.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { findLocalServers, registryDirectories } from '../../core/platform/node/registry.ts'
import { insecureWarning, localUrl, remoteUrls } from '../../signaling/addresses.ts'
import { announceServer } from '../../signaling/announce.ts'
import { portsToTry, readArguments } from '../../signaling/arguments.ts'
import { createSignalingServer } from '../../signaling/index.ts'
import { selfSignedCertificate } from './signaling-certificate.ts'

vi.setConfig({ testTimeout: 60_000 })

const cleanups: (() => unknown)[] = []
let directory: string
let environment: Record<string, string>

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-test-'))
  environment = { SKEIN_REGISTRY_DIR: join(directory, 'registry') }
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Program {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
  readonly exit: Promise<number | string>
  /** The URL it said it is at. */
  url(): Promise<string>
}

function run(args: readonly string[], more: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, ['--import', 'tsx', 'signaling/main.ts', ...args], {
    env: { PATH: process.env['PATH'], ...environment, ...more },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (part) => (out += String(part)))
  child.stderr.on('data', (part) => (err += String(part)))
  const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  cleanups.push(async () => {
    child.kill('SIGKILL')
    await exit
  })
  const url = (): Promise<string> =>
    vi.waitFor(
      () => {
        const found = /^Skein is at (\S+)\n/.exec(out)?.[1]
        if (found === undefined) throw new Error(`No URL yet: ${out}${err}`)
        return found
      },
      { timeout: 20_000 },
    )
  return { child, exit, url, out: () => out, err: () => err }
}

async function occupy(port: number, host = '127.0.0.1'): Promise<number> {
  const server: Server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as { port: number }).port
}

describe('the program', () => {
  test('SG18 it says where it is, enters itself, and on SIGTERM says goodbye to all, takes its entry out and exits 0', async () => {
    const program = run(['--port', '0'])
    const url = await program.url()
    expect(program.out()).toMatch(/^Skein is at http:\/\/localhost:\d+\/\n$/)
    const [entry, ...others] = await findLocalServers(environment)
    expect(others).toEqual([])
    expect(entry).toMatchObject({ url, pid: program.child.pid, port: Number(new URL(url).port) })
    expect(await (await fetch(`${url}health`)).json()).toMatchObject({ serverId: entry?.serverId })

    const client = new WebSocket(url.replace('http', 'ws'))
    await once(client, 'open')
    const closed = once(client, 'close')
    program.child.kill('SIGTERM')
    expect((await closed)[0]).toBe(1001)
    expect(await program.exit).toBe(0)
    expect(await readdir(environment['SKEIN_REGISTRY_DIR'] ?? '')).toEqual([])
    await expect(fetch(url)).rejects.toThrow()
  })

  test('SG18 Ctrl-C does the same, also when it arrives twice', async () => {
    const program = run(['--port', '0'])
    await program.url()
    program.child.kill('SIGINT')
    program.child.kill('SIGTERM')
    expect(await program.exit).toBe(0)
  })

  test('SG18 it goes also where its entry cannot be removed, and says so', async () => {
    const program = run(['--port', '0'])
    await program.url()
    const entry = join(environment['SKEIN_REGISTRY_DIR'] ?? '', `${program.child.pid}.json`)
    await rm(entry)
    await mkdir(entry)
    program.child.kill('SIGTERM')
    expect(await program.exit).toBe(0)
    expect(program.err()).toContain('The registry still names this server')
  })

  test('SG18 a killed server leaves a file behind, which nobody believes and the next reader removes', async () => {
    const program = run(['--port', '0'])
    await program.url()
    program.child.kill('SIGKILL')
    expect(await program.exit).toBe('SIGKILL')
    expect(await readdir(environment['SKEIN_REGISTRY_DIR'] ?? '')).toHaveLength(1)
    expect(await findLocalServers(environment)).toEqual([])
    expect(await readdir(environment['SKEIN_REGISTRY_DIR'] ?? '')).toEqual([])
  })

  test('SG19 a taken port, asked for by flag or by PORT, is given up aloud for another', async () => {
    const taken = await occupy(0)
    for (const program of [run(['--port', String(taken)]), run([], { PORT: String(taken) })]) {
      const url = await program.url()
      const port = Number(new URL(url).port)
      expect(port).not.toBe(taken)
      expect(program.err()).toContain(`Port ${taken} is taken by another program; using ${port} instead.`)
      expect(await (await fetch(`${url}health`)).json()).toMatchObject({ ok: true, port })
    }
  })

  test('SG20 it speaks https and wss with a certificate, and agents find it all the same', async () => {
    const { cert, key } = selfSignedCertificate()
    await writeFile(join(directory, 'cert.pem'), cert)
    await writeFile(join(directory, 'key.pem'), key)
    const files = ['--tls-cert', join(directory, 'cert.pem'), '--tls-key', join(directory, 'key.pem')]
    const program = run(['--port', '0', '--host', '0.0.0.0', ...files])
    const url = await program.url()
    expect(url).toMatch(/^https:\/\/localhost:\d+\/$/)
    const client = new WebSocket(url.replace('https', 'wss'), { ca: cert })
    await once(client, 'open')
    client.terminate()
    expect(await findLocalServers(environment)).toMatchObject([{ url }])
    expect(program.err()).not.toContain(insecureWarning)
  })

  test('SG20 open to other machines over http, it says what such pages lack and what to do', async () => {
    const program = run(['--port', '0', '--host', '127.0.0.1'])
    await program.url()
    expect(program.err()).not.toContain(insecureWarning)
    const open = run(['--port', '0', '--host', '0.0.0.0'])
    const port = new URL(await open.url()).port
    if (open.err().includes('For other machines')) {
      expect(open.err()).toMatch(new RegExp(`For other machines: http://[\\d.]+:${port}/`))
      await vi.waitFor(() => expect(open.err()).toContain(insecureWarning))
    }
    expect(insecureWarning).toMatch(/Web Locks.*--tls-cert FILE/)
  })

  test('SG21 a registry that cannot be used harms nothing but being found', async () => {
    await writeFile(join(directory, 'file'), '')
    const program = run(['--port', '0'], { SKEIN_REGISTRY_DIR: join(directory, 'file') })
    const url = await program.url()
    expect(program.err()).toContain('Agents on this machine will not find this server by themselves')
    expect((await fetch(`${url}health`)).status).toBe(200)
    program.child.kill('SIGTERM')
    expect(await program.exit).toBe(0)
  })

  test.each([
    [['--port', 'many'], '--port must be a number'],
    [['--port', '65536'], '--port must be a number'],
    [['--prot', '4444'], "Unknown option '--prot'"],
    [['stray'], 'stray'],
    [['--tls-cert', 'x'], 'go together'],
    [['--web', 'no-such-directory'], 'cannot be read'],
  ])('SG22 %j is answered with a sentence and exit 2', async (args, sentence) => {
    const program = run(args)
    expect(await program.exit).toBe(2)
    expect(program.err()).toContain(sentence)
    expect(program.out()).toBe('')
  })
})

describe('arguments', () => {
  test('SG22 PORT is read when there is no --port, and judged alike', () => {
    expect(readArguments([], {})).toMatchObject({ options: { port: 4444, host: 'localhost' } })
    expect(readArguments([], { PORT: '' })).toMatchObject({ options: { port: 4444 } })
    expect(readArguments([], { PORT: '80' })).toMatchObject({ options: { port: 80 } })
    expect(readArguments(['--port=81'], { PORT: '80' })).toMatchObject({ options: { port: 81 } })
    expect(readArguments([], { PORT: '-1' })).toMatchObject({
      sentence: 'PORT must be a number from 0 to 65535, not "-1".',
    })
    expect(readArguments(['--help'], {})).toEqual({ kind: 'help' })
  })

  test('SG19 after the port asked for come the others near 4444, each once, and last one of the system’s choice', () => {
    const all = Array.from({ length: 20 }, (_, i) => 4444 + i)
    expect(portsToTry(4444)).toEqual([...all, 0])
    expect(portsToTry(4460)).toEqual([4460, 4461, 4462, 4463, ...all.slice(0, 16), 0])
    expect(portsToTry(8080)).toEqual([8080, ...all, 0])
    expect(portsToTry(0)).toEqual([0])
  })

  test('SG20 this machine is told localhost, the others its addresses on the network', () => {
    const address = { address: '10.0.0.7', family: 'IPv4', internal: false } as const
    const interfaces = {
      lo: [{ address: '127.0.0.1', family: 'IPv4', internal: true }],
      eth0: [address, { address: 'fe80::1', family: 'IPv6', internal: false }],
    } as unknown as Parameters<typeof remoteUrls>[3]
    expect(localUrl('http', '0.0.0.0', 4444)).toBe('http://localhost:4444/')
    expect(localUrl('http', '127.0.0.1', 4444)).toBe('http://localhost:4444/')
    expect(localUrl('http', '127.0.0.2', 4444)).toBe('http://127.0.0.2:4444/')
    expect(localUrl('https', 'fd00::7', 4444)).toBe('https://[fd00::7]:4444/')
    expect(remoteUrls('http', '::', 4444, interfaces)).toEqual(['http://10.0.0.7:4444/'])
    expect(remoteUrls('https', 'skein.example', 443, interfaces)).toEqual(['https://skein.example:443/'])
    expect(remoteUrls('http', 'localhost', 4444, interfaces)).toEqual([])
  })
})

describe('the registry', () => {
  const registry = (): string => environment['SKEIN_REGISTRY_DIR'] ?? ''

  async function startServer(): Promise<{ url: string; port: number; serverId: string }> {
    const server = await createSignalingServer({ port: 0, host: '127.0.0.1' })
    cleanups.push(() => server.close())
    const port = server.address()?.port ?? 0
    return { url: `http://127.0.0.1:${port}/`, port, serverId: server.serverId }
  }

  async function write(name: string, content: unknown): Promise<void> {
    await mkdir(registry(), { recursive: true, mode: 0o700 })
    await writeFile(join(registry(), name), typeof content === 'string' ? content : JSON.stringify(content))
  }

  test('SG21 an entry appears whole, for its user only, and goes when it is taken out', async () => {
    const entry = { ...(await startServer()), pid: process.pid, startedAt: 5 }
    const retract = await announceServer(entry, environment)
    expect((await stat(registry())).mode & 0o777).toBe(0o700)
    expect(await readdir(registry())).toEqual([`${process.pid}.json`])
    expect(JSON.parse(await readFile(join(registry(), `${process.pid}.json`), 'utf8'))).toEqual(entry)
    expect(await findLocalServers(environment)).toEqual([entry])
    await retract()
    await retract()
    expect(await findLocalServers(environment)).toEqual([])
  })

  test('SG21 a directory that cannot be made is refused', async () => {
    const entry = {
      url: 'http://localhost:1/',
      pid: process.pid,
      port: 1,
      startedAt: 5,
      serverId: 'f'.repeat(32),
    }
    const announced = announceServer(entry, { SKEIN_REGISTRY_DIR: '/proc/nope/deep' })
    await expect(announced).rejects.toThrow('No registry directory can be used')
  })

  test('SG21 the oldest server comes first, so that all agents settle on the same one', async () => {
    const [first, second] = [await startServer(), await startServer()]
    await write('1.json', { ...second, pid: process.pid, startedAt: 20 })
    await write('2.json', { ...first, pid: process.pid, startedAt: 10 })
    expect((await findLocalServers(environment)).map((server) => server.url)).toEqual([first.url, second.url])
  })

  test('SG21 nothing is believed that is not true, and what is stale is removed', async () => {
    const real = await startServer()
    const entry = { ...real, pid: process.pid, startedAt: 5 }
    const gone = spawn(process.execPath, ['-e', ''])
    await once(gone, 'close')
    await write('1.json', { ...entry, serverId: 'f'.repeat(32) })
    await write('2.json', { ...entry, pid: gone.pid })
    await write('3.json', { ...entry, url: 'http://127.0.0.1:1/' })
    await write('4.json', { ...entry, url: 'file:///etc/passwd' })
    await write('5.json', '{"url":')
    await write('6.json', 'null')
    await write('7.json', { ...entry, pid: -1 })
    await write('8.json', 'x'.repeat(100_000))
    await symlink(join(directory, 'elsewhere'), join(registry(), '9.json'))
    await write('notes.txt', 'not ours')
    await mkdir(join(registry(), '10.json'))
    expect(await findLocalServers(environment)).toEqual([])
    expect((await readdir(registry())).sort()).toEqual(['10.json', 'notes.txt'])
  })

  test('SG21 a server that is slow to answer is not believed now, but keeps its entry', async () => {
    const slow = createServer(() => {})
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => slow.close())
    const { port } = slow.address() as { port: number }
    await write('1.json', {
      url: `http://127.0.0.1:${port}/`,
      port,
      pid: process.pid,
      startedAt: 5,
      serverId: 'x',
    })
    expect(await findLocalServers(environment)).toEqual([])
    expect(await readdir(registry())).toEqual(['1.json'])
    slow.closeAllConnections()
  })

  test('SG21 who cannot ask a server keeps its entry for those who can', async () => {
    const real = await startServer()
    // As for a process without network, or out of file descriptors: the server lives all the same.
    await write('1.json', { ...real, url: 'http://nowhere.invalid:4444/', pid: process.pid, startedAt: 5 })
    expect(await findLocalServers(environment)).toEqual([])
    expect(await readdir(registry())).toEqual(['1.json'])
  })

  test('SG21 a directory that others can write to is neither read nor used', async () => {
    const entry = { ...(await startServer()), pid: process.pid, startedAt: 5 }
    await announceServer(entry, environment)
    await chmod(registry(), 0o777)
    expect(await findLocalServers(environment)).toEqual([])
    await expect(announceServer(entry, environment)).rejects.toThrow('others may write to it')
  })

  test('SG21 a directory that is not there yet holds no servers', async () => {
    expect(await findLocalServers(environment)).toEqual([])
  })

  test('SG21 SKEIN_REGISTRY_DIR is the only place when it is set; else the runtime directory comes before the temporary one', () => {
    expect(registryDirectories({ SKEIN_REGISTRY_DIR: '/here', XDG_RUNTIME_DIR: '/run' })).toEqual(['/here'])
    const [first, second] = registryDirectories({ XDG_RUNTIME_DIR: '/run/mine' })
    expect(first).toBe('/run/mine/skein/servers')
    expect(second?.startsWith(tmpdir())).toBe(true)
  })
})
