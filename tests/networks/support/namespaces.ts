// Places: network namespaces that are joined by a bridge in one more namespace, the hub, where the servers are. Nothing is
// made in the root namespace, so nothing of the machine's own network is touched. Lines between places can be cut,
// unplugged, made deaf on one side, lossy, slow, or late and out of order.
//
// Names carry the pid of the run; those of runs that are no more are removed before new ones are made.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { tokenBucket } from './tools.ts'

/** A network that routers do not know; whoever runs the tests hardly has it. chosen. */
const prefix = '10.213.77'
const hubAddress = `${prefix}.1`
const vxlanPort = 4789
const namePattern = /^skein-(\d+)-/

export interface Delays {
  /** ms that every packet takes at least. */
  readonly leastMs: number
  /** Mean of what comes on top, ms: exponential, so that packets overtake each other. */
  readonly meanMs: number
  /** Of a thousand packets this many are later still, by up to `tailMs`. */
  readonly tailPermille: number
  readonly tailMs: number
}

export class Network {
  /** Where servers listen; every place reaches it. */
  readonly hub: Hub
  readonly places: readonly Place[]
  #delays: ChildProcess | undefined

  /** @param names of places, letters only */
  static create(names: readonly string[]): Network {
    removeStale()
    const run = `skein-${process.pid}-${randomBytes(2).toString('hex')}`
    return new Network(run, names)
  }

  private constructor(run: string, names: readonly string[]) {
    this.hub = new Hub(`${run}-hub`)
    this.places = names.map((name, index) => new Place(`${run}-${name}`, name, index + 2, this.hub))
  }

  /** Packets between places take their time and overtake each other, until `heal()`. */
  async delay(delays: Delays): Promise<void> {
    const words = ['--import', 'tsx', 'tests/networks/children/delays.ts', hubAddress, String(vxlanPort)]
    const child = this.hub.spawn(process.execPath, [
      ...words,
      JSON.stringify(delays),
      ...this.places.map(({ address }) => address),
    ])
    this.#delays = child
    // It says that it listens.
    await once(child.stdout!, 'data')
    for (const place of this.places) place.detour(this.places)
  }

  /** How many packets were kept back, held up or sent another way since all was well: whether what was done bit. */
  get touchedPackets(): number {
    return this.hub.droppedPackets + this.places.reduce((sum, place) => sum + place.touchedPackets, 0)
  }

  /** Every line is as it was at first. */
  heal(): void {
    this.hub.heal()
    for (const place of this.places) place.heal()
    this.#delays?.kill('SIGKILL')
    this.#delays = undefined
  }

  /** Also ends what still runs in the places. */
  close(): void {
    this.#delays?.kill('SIGKILL')
    for (const { namespace } of [...this.places, this.hub]) removeNamespace(namespace)
  }
}

class Namespace {
  readonly namespace: string

  constructor(namespace: string) {
    this.namespace = namespace
    ip('netns', 'add', namespace)
    // Cuts are made in IPv4 only, so there is nothing else.
    this.run(
      'sh',
      '-c',
      'echo 1 | tee /proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv6/conf/default/disable_ipv6',
    )
    this.ip('link', 'set', 'lo', 'up')
  }

  /** To be put in front of a command so that it runs here. The process keeps its pid, its files and its signals. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.namespace]
  }

  spawn(program: string, words: readonly string[]): ChildProcess {
    const [first, ...rest] = [...this.prefix, program, ...words]
    return spawn(first!, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  get droppedPackets(): number {
    const drops = this.run('iptables', '-w', '-nvxL').match(/^ *\d+(?= +\d+ +DROP )/gm) ?? []
    return drops.reduce((sum, packets) => sum + Number(packets), 0)
  }

  protected run(...words: readonly string[]): string {
    const [first, ...rest] = [...this.prefix, ...words]
    return execFileSync(first!, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  protected ip(...words: readonly string[]): string {
    return ip('-n', this.namespace, ...words)
  }

  protected iptables(...words: readonly string[]): void {
    this.run('iptables', '-w', ...words)
  }
}

export class Hub extends Namespace {
  readonly address = hubAddress

  constructor(namespace: string) {
    super(namespace)
    this.ip('link', 'add', 'bridge', 'type', 'bridge')
    this.ip('addr', 'add', `${hubAddress}/24`, 'dev', 'bridge')
    this.ip('link', 'set', 'bridge', 'up')
  }

  plug(port: string): void {
    this.ip('link', 'set', 'dev', port, 'master', 'bridge', 'up')
  }

  unplug(port: string): void {
    this.ip('link', 'set', 'dev', port, 'down')
  }

  shape(port: string, kilobits: number): void {
    this.run('tc', 'qdisc', 'replace', 'dev', port, 'root', ...tokenBucket(kilobits))
  }

  unshape(port: string): void {
    this.run('tc', 'qdisc', 'replace', 'dev', port, 'root', 'pfifo')
  }

  /** Its servers answer nobody, and nobody is told so. Lines between places stand. */
  silence(): void {
    this.iptables('-A', 'INPUT', '!', '-i', 'lo', '-j', 'DROP')
  }

  heal(): void {
    this.iptables('-F')
  }
}

export class Place extends Namespace {
  readonly name: string
  readonly address: string
  readonly #hub: Hub
  #slow = false
  #detours: readonly string[] = []

  constructor(namespace: string, name: string, host: number, hub: Hub) {
    super(namespace)
    this.name = name
    this.#hub = hub
    this.address = `${prefix}.${host}`
    ip(
      'link',
      'add',
      'eth0',
      'netns',
      namespace,
      'type',
      'veth',
      'peer',
      'name',
      name,
      'netns',
      hub.namespace,
    )
    this.ip('addr', 'add', `${this.address}/24`, 'dev', 'eth0')
    this.ip('link', 'set', 'eth0', 'up')
    hub.plug(name)
    // Chromium gathers no candidates without a default route.
    this.ip('route', 'add', 'default', 'via', hubAddress)
    const remote = ['remote', hubAddress, 'dstport', String(vxlanPort), 'dev', 'eth0']
    this.ip('link', 'add', 'detour', 'type', 'vxlan', 'id', '1', ...remote)
    this.ip('link', 'set', 'detour', 'up')
  }

  /** Nothing leaves and nothing comes in, and nobody is told so, as where a router far away fails. */
  cut(): void {
    this.iptables('-A', 'INPUT', '!', '-i', 'lo', '-j', 'DROP')
    this.iptables('-A', 'OUTPUT', '!', '-o', 'lo', '-j', 'DROP')
  }

  /** The cable is pulled: the place's network card says so to those who ask. */
  unplug(): void {
    this.#hub.unplug(this.name)
  }

  /** Nothing of what the other sends arrives here; what is sent from here arrives there. */
  deafTo(other: Place): void {
    this.iptables('-A', 'INPUT', '-s', other.address, '-j', 'DROP')
  }

  /** Loses each packet that comes in with this probability, whoever sent it. */
  lose(probability: number): void {
    const match = ['-m', 'statistic', '--mode', 'random', '--probability', String(probability)]
    this.iptables('-A', 'INPUT', '!', '-i', 'lo', ...match, '-j', 'DROP')
  }

  get touchedPackets(): number {
    const shaped = /overlimits (\d+)/.exec(this.run('tc', '-s', 'qdisc', 'show', 'dev', 'eth0'))?.[1]
    const detoured = /RX:.*\n *\d+ +(\d+)/.exec(this.ip('-s', 'link', 'show', 'dev', 'detour'))?.[1]
    const unplugged = this.ip('link', 'show', 'eth0').includes('NO-CARRIER') ? 1 : 0
    return (
      unplugged +
      this.droppedPackets +
      (this.#slow ? Number(shaped) : 0) +
      (this.#detours.length > 0 ? Number(detoured) : 0)
    )
  }

  /** Both ways. */
  slow(kilobits: number): void {
    this.#slow = true
    this.run('tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', ...tokenBucket(kilobits))
    this.#hub.shape(this.name, kilobits)
  }

  /** What goes to the other places goes by way of whoever listens at the hub for VXLAN. The hub itself is reached as before. */
  detour(places: readonly Place[]): void {
    this.#detours = places.filter((place) => place !== this).map(({ address }) => `${address}/32`)
    for (const address of this.#detours) this.ip('route', 'add', address, 'dev', 'detour')
  }

  heal(): void {
    this.iptables('-F')
    this.#hub.plug(this.name)
    for (const address of this.#detours) this.ip('route', 'del', address, 'dev', 'detour')
    this.#detours = []
    if (!this.#slow) return
    this.#slow = false
    this.run('tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', 'pfifo')
    this.#hub.unshape(this.name)
  }
}

/** Namespaces of runs that crashed, with what still runs in them. */
function removeStale(): void {
  for (const line of ip('netns', 'list').split('\n')) {
    const namespace = line.split(' ')[0] ?? ''
    const pid = namePattern.exec(namespace)?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) removeNamespace(namespace)
  }
}

function removeNamespace(namespace: string): void {
  try {
    for (const pid of ip('netns', 'pids', namespace).split('\n').filter(Boolean))
      process.kill(Number(pid), 'SIGKILL')
    ip('netns', 'del', namespace)
  } catch (error) {
    process.stderr.write(`The namespace ${namespace} could not be removed: ${String(error)}\n`)
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const ip = (...words: readonly string[]): string =>
  execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
