// One input, judged: no exception, a result bounded by the input, work bounded by it.

import fc from 'fast-check'
import type { Decoder } from './decoders.ts'
import { counted, inputFor, weigh, type Corpus } from './mutate.ts'

/** Work is counted for one input in so many: counting costs ten times the reading. */
const countEvery = 32

const corpusOf = ({ samples }: Decoder, seed: number, size = 300): Corpus =>
  fc.sample(samples, { seed, numRuns: size })

/** Judges input `index`; returns whether it was taken. Throws where it breaks a promise. */
function checkInput(decoder: Decoder, corpus: Corpus, seed: number, index: number): boolean {
  const bytes = inputFor(corpus, seed, index)
  const before = bytes.slice()
  const value = decoder.run(bytes)
  const weight = weigh(value)
  if (weight > decoder.growth * bytes.length + (decoder.slack ?? 64))
    throw new Error(`${bytes.length} bytes became a value of weight ${weight}`)
  if (before.some((byte, i) => byte !== bytes[i])) throw new Error('the reader changed its input')
  if (decoder.looks !== undefined && index % countEvery === 0) {
    const { bytes: watched, looks } = counted(bytes)
    decoder.run(watched)
    if (looks() > decoder.looks * bytes.length + 64)
      throw new Error(`${bytes.length} bytes were looked at ${looks()} times`)
  }
  return value !== undefined
}

/** Judges inputs `from` to `from + runs - 1`; returns how many were taken. The error names what replays it. */
export function fuzz(decoder: Decoder, seed: number, from: number, runs: number): number {
  const corpus = corpusOf(decoder, seed)
  let taken = 0
  for (let index = from; index < from + runs; index++) {
    try {
      if (checkInput(decoder, corpus, seed, index)) taken++
    } catch (problem) {
      const replay = `npm run fuzz -- --only ${decoder.name} --seed ${seed} --from ${index} --runs 1`
      const input = Buffer.from(inputFor(corpus, seed, index)).toString('hex')
      throw new Error(`${decoder.name}: ${String(problem)}\n  input ${input}\n  replay: ${replay}`, {
        cause: problem,
      })
    }
  }
  return taken
}
