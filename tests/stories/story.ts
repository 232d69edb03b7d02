// Reads a story, plays it on a stage, and holds what came of it against what is written down. A story is a text file:
//
//   # EL7 two parts of the mesh meet         its title; more lines with # are for the reader
//   show leader, claim                       which kinds of lines are part of the trace
//   given alice, bob and carol join          an act whose outcome is of no interest
//   > partition alice | bob, carol           an act; what came of it stands below, two spaces in
//     bob: leader alice -> bob, epoch 2 (failed)
//   ! bob: claim* before bob: duty starts*   what must hold of it, whatever else is written down
//
// The trace of an act stands actor by actor, each in its order, repetitions left out and neighbours of one kind sorted:
// where the order between actors, a number or a time matters, it is said with `!`. UPDATE_STORIES=1 writes the traces anew, never the checks.

import { readFileSync, writeFileSync } from 'node:fs'

/** Something that showed. `words` begin with the actor: `alice: …` or `alice -> bob: …`. */
export interface Line {
  readonly atMs: number
  readonly kind: string
  readonly words: string
}

export interface Stage {
  readonly nowMs: number
  /** All that showed so far, of every kind. */
  readonly lines: readonly Line[]
  /** Kinds that this stage has. */
  readonly kinds: ReadonlySet<string>
  /** Does what the words say; throws where it does not know them. */
  act(words: string): Promise<void>
  /** Whether what the words say is so now; throws where it does not know them. */
  holds(words: string): Promise<boolean>
  close(): Promise<void>
}

/** Words of a form, and what they mean on a stage. */
export type Saying<S, R> = readonly [form: RegExp, run: (stage: S, ...words: string[]) => R]

/** Finds what the words mean. */
export function understand<S, R>(sayings: readonly Saying<S, R>[], stage: S, words: string): R {
  for (const [form, run] of sayings) {
    const match = form.exec(words)
    if (match) return run(stage, ...match.slice(1).map((each) => each ?? ''))
  }
  throw new Error(`nobody knows what this means: ${words}`)
}

interface Step {
  readonly words: string
  /** Outcome is part of the trace. */
  readonly shown: boolean
  /** Index of its line in the file. */
  readonly at: number
  readonly golden: string[]
  readonly checks: string[]
}

export interface Story {
  readonly file: string
  readonly title: string
  readonly stage: string
  readonly seed: number
  readonly show: ReadonlySet<string>
  readonly steps: readonly Step[]
  readonly text: readonly string[]
}

export function readStory(file: string): Story {
  const text = readFileSync(file, 'utf8').trimEnd().split('\n')
  const steps: Step[] = []
  let [title, stage, seed] = ['', 'mesh', 1]
  let show: string[] = []
  for (const [at, line] of text.entries()) {
    const [first = '', ...more] = line.split(' ')
    const rest = more.join(' ')
    const step = steps.at(-1)
    if (line === '') continue
    if (first === '#') title ||= rest
    else if (first === 'show') show = rest.split(', ')
    else if (first === 'stage') stage = rest
    else if (first === 'seed') seed = Number(rest)
    else if (first === 'given' || first === '>')
      steps.push({ words: rest, shown: first === '>', at, golden: [], checks: [] })
    else if (line.startsWith('  ') && step) step.golden.push(line.slice(2))
    else if (first === '!' && step) step.checks.push(rest)
    else throw new Error(`${file}:${at + 1}: not a line of a story: ${line}`)
  }
  if (steps.every(({ checks }) => checks.length === 0)) throw new Error(`${file}: a story that holds nothing`)
  return { file, title, stage, seed, show: new Set(show), steps, text }
}

export interface Outcome {
  readonly golden: readonly string[]
  readonly found: readonly string[]
}

/** Plays the story; throws where a check does not hold. Returns its traces, as written down and as they came. */
export async function play(story: Story, stage: Stage): Promise<Outcome> {
  const golden: string[] = []
  const found: string[] = []
  const traces = new Map<number, readonly string[]>()
  const unknown = [...story.show].filter((kind) => !stage.kinds.has(kind))
  if (unknown.length > 0) throw new Error(`${story.file}: no such kind of line: ${unknown.join(', ')}`)
  let began: number | undefined
  try {
    for (const step of story.steps) {
      const [startMs, from] = [stage.nowMs, stage.lines.length]
      if (step.shown) began ??= from
      for (const words of step.words.split('; ')) await stage.act(words)
      const scope = { startMs, lines: stage.lines.slice(from), all: stage.lines.slice(began ?? from) }
      const trace = step.shown ? traceOf(scope.lines, story.show) : []
      traces.set(step.at, trace)
      golden.push(`> ${step.words}`, ...step.golden)
      found.push(`> ${step.words}`, ...trace)
      for (const check of step.checks) await holdTo(check, scope, stage, `${story.file}:${step.at + 1}`)
    }
  } finally {
    await stage.close()
  }
  if (process.env['UPDATE_STORIES'] !== undefined) rewrite(story, traces)
  return { golden, found }
}

/** Actor by actor, each in its order, without repetitions; lines of one kind that follow one another are sorted. */
function traceOf(lines: readonly Line[], show: ReadonlySet<string>): string[] {
  const shown = lines.filter(({ kind }) => show.has(kind))
  const actors = [...new Set(shown.map(({ words }) => actorOf(words)))].toSorted()
  return actors.flatMap((actor) => {
    const groups: Line[][] = []
    for (const line of shown.filter(({ words }) => actorOf(words) === actor)) {
      if (groups.at(-1)?.[0]?.kind === line.kind) groups.at(-1)!.push(line)
      else groups.push([line])
    }
    return [...new Set(groups.flatMap((group) => group.map(({ words }) => words).toSorted()))]
  })
}

const actorOf = (words: string): string => /^\S+?(?=:? )/.exec(words)?.[0] ?? ''

function rewrite({ file, text }: Story, traces: ReadonlyMap<number, readonly string[]>): void {
  const lines = text.flatMap((line, at) => {
    if (line.startsWith('  ')) return []
    return [line, ...(traces.get(at) ?? []).map((words) => `  ${words}`)]
  })
  writeFileSync(file, `${lines.join('\n')}\n`)
}

// ----------------------------------------------------------------------------------------------- checks

interface Scope {
  readonly startMs: number
  readonly lines: readonly Line[]
  /** Since the first act that is shown. */
  readonly all: readonly Line[]
}

/** `*` stands for anything. */
export function toPattern(words: string): RegExp {
  const parts = words.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`)
}

export const durationMs = (words: string): number => {
  const [, number, unit] = /^([\d.]+) (ms|s|min|h|days?)$/.exec(words) ?? []
  const units: Readonly<Record<string, number>> = {
    ms: 1,
    s: 1000,
    min: 60_000,
    h: 3_600_000,
    day: 86_400_000,
    days: 86_400_000,
  }
  if (number === undefined) throw new Error(`not a duration: ${words}`)
  return Number(number) * units[unit!]!
}

async function holdTo(check: string, scope: Scope, stage: Stage, where: string): Promise<void> {
  const [, ever, words = ''] = /^(ever )?(.*)$/.exec(check) ?? []
  const lines = ever === undefined ? scope.lines : scope.all
  if (!(await holds(words, lines, scope.startMs, stage))) {
    throw new Error(`${where}: does not hold: ${check}\nof\n${lines.map(describe).join('\n')}`)
  }
}

const describe = ({ atMs, words }: Line): string => `${String(Math.round(atMs)).padStart(8)} ${words}`

const duration = String.raw`([\d.]+ (?:ms|s|min|h|days?))`

async function holds(words: string, lines: readonly Line[], startMs: number, stage: Stage): Promise<boolean> {
  const seen = (pattern: string): Line[] => lines.filter((line) => toPattern(pattern).test(line.words))
  const [, state] = /^now (.*)$/.exec(words) ?? []
  if (state !== undefined) return stage.holds(state)
  const [, never] = /^never (.*)$/.exec(words) ?? []
  if (never !== undefined) {
    // A word that no line ever has would hold for ever.
    if (![...stage.kinds].some((kind) => never.includes(kind)))
      throw new Error(`of no kind that shows: ${never}`)
    return seen(never).length === 0
  }
  const [, most, count, counted] = /^(at most )?(\d+) times (.*)$/.exec(words) ?? []
  if (counted !== undefined) {
    const times = seen(counted).length
    return most === undefined ? times === Number(count) : times <= Number(count)
  }
  const [, limit, soon] = new RegExp(`^within ${duration} (.*)$`).exec(words) ?? []
  if (soon !== undefined) return seen(soon).some(({ atMs }) => atMs - startMs <= durationMs(limit!))
  const [, pause, late] = new RegExp(`^not before ${duration} (.*)$`).exec(words) ?? []
  if (late !== undefined) {
    const first = seen(late)[0]
    return first !== undefined && first.atMs - startMs >= durationMs(pause!)
  }
  const [, earlier, later] = /^(.*) before (.*)$/.exec(words) ?? []
  if (later === undefined) return seen(words).length > 0
  const [a, b] = [seen(earlier!)[0], seen(later)[0]]
  return a !== undefined && b !== undefined && lines.indexOf(a) < lines.indexOf(b)
}
