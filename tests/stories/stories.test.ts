// Every story in the folders beside this file, played and held against what is written in it.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { acts } from './mesh-acts.ts'
import { programActs } from './mesh-program-acts.ts'
import { MeshStage } from './mesh-stage.ts'
import { states } from './mesh-states.ts'
import { WireStage } from './wire-stage.ts'
import { play, readStory, type Stage, type Story } from './story.ts'

const here = import.meta.dirname

const stageFor = (story: Story): Stage => {
  if (story.stage === 'mesh') return new MeshStage(story.seed, [...acts, ...programActs], states)
  if (story.stage === 'wire') return new WireStage()
  throw new Error(`${story.file}: no such stage: ${story.stage}`)
}

const folders = readdirSync(here, { withFileTypes: true }).filter((each) => each.isDirectory())

describe.each(folders.map(({ name }) => name))('%s', (folder) => {
  const files = readdirSync(join(here, folder)).filter((name) => name.endsWith('.story'))
  if (files.length === 0) return
  const stories = files.map((name) => readStory(join(here, folder, name)))
  test.each(stories.map((story) => [story.title, story] as const))('%s', async (_, story) => {
    const { golden, found } = await play(story, stageFor(story))
    if (process.env['UPDATE_STORIES'] === undefined) expect(found).toEqual(golden)
  })
})
