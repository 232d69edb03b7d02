// What a benchmark is to main.ts: a name, a sentence, and a run that ends in tables for people and data for programs.

export interface BenchmarkOptions {
  /** Runs of each case. */
  readonly runs: number
  /** Runs of each case with the named peer (y-webrtc), which takes its time. */
  readonly peerRuns: number
  /** Rounds in which contenders take turns. */
  readonly rounds: number
  /** Sizes of the meshes that are measured. */
  readonly peers: readonly number[]
  /** Only cases whose label contains this. */
  readonly only: string
  /** Prints what every survivor saw, run by run, on stderr. */
  readonly trace: boolean
}

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

export interface Outcome {
  readonly tables: readonly Table[]
  /** Sentences that belong under the tables. */
  readonly notes: readonly string[]
  /** Every single value, for the JSON file. */
  readonly data: unknown
  /** False: something happened that must not happen; the program then ends with 1. */
  readonly ok: boolean
}

export interface Benchmark {
  readonly about: string
  run(options: BenchmarkOptions): Promise<Outcome>
}

/** Long work shows that it is alive. */
export const progress = (line: string): void => void process.stderr.write(`${line}\n`)
