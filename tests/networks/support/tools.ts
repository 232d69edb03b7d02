// What real networks take: root on a Linux that can make namespaces, and the programs that shape them. What is missing
// is installed where that can be done; where it cannot, a sentence says what keeps the tests from running.

import { spawnSync } from 'node:child_process'
import { findProgram, installWithApt, isRoot } from '../../../scripts/find-program.ts'

const folders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin']
const packages: Readonly<Record<string, string>> = { ip: 'iproute2', tc: 'iproute2', iptables: 'iptables' }

const find = (program: string): string | undefined =>
  findProgram(
    `${program.toUpperCase()}_PATH`,
    [program],
    folders.map((folder) => `${folder}/${program}`),
  )

/** @returns why namespaces cannot be had on this machine; undefined where they can */
export function findHindrance(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces exist on Linux only'
  if (!isRoot()) return 'network namespaces can be made by root only'
  for (const [program, name] of Object.entries(packages)) {
    if (find(program) === undefined) installWithApt(name)
    if (find(program) === undefined) return `the program ${program} is missing and could not be installed`
  }
  return findMissingFeature()
}

/** Asks the kernel for each thing once, in a namespace that is deleted again. */
function findMissingFeature(): string | undefined {
  const name = `skein-${process.pid}-probe`
  const inside = ['ip', 'netns', 'exec', name]
  const match = ['-m', 'statistic', '--mode', 'random', '--probability', '0.1']
  const needs: readonly (readonly [string, readonly string[]])[] = [
    ['network namespaces', ['ip', 'netns', 'add', name]],
    ['bridges', ['ip', '-n', name, 'link', 'add', 'probe', 'type', 'bridge']],
    ['veth pairs', ['ip', '-n', name, 'link', 'add', 'probe0', 'type', 'veth', 'peer', 'name', 'probe1']],
    ['VXLAN', ['ip', '-n', name, 'link', 'add', 'probe2', 'type', 'vxlan', 'id', '1', 'dstport', '4789']],
    ['iptables with `statistic`', [...inside, 'iptables', '-w', '-A', 'INPUT', ...match, '-j', 'DROP']],
    ['tc with `tbf`', [...inside, 'tc', 'qdisc', 'add', 'dev', 'probe0', 'root', ...tokenBucket(256)]],
  ]
  try {
    const missing = needs.find(([, [program, ...words]]) => spawnSync(program!, words).status !== 0)
    return missing && `this machine gives no ${missing[0]}`
  } finally {
    spawnSync('ip', ['netns', 'del', name])
  }
}

/** Words for `tc qdisc`. A queue of 400 ms, as an overfull home line has. */
export const tokenBucket = (kilobits: number): readonly string[] =>
  `tbf rate ${kilobits}kbit burst 4kb latency 400ms`.split(' ')
