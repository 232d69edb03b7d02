// The docs machine alone: documents opened, closed, lost on the way and found again, and what it says meanwhile.

import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { MeshError } from '../../core/base/errors.ts'
import { DocsWorld } from './docs-world.ts'

const failing = new MeshError('storage-failed', 'the disk is broken')

describe('opening', () => {
  test('a document that the other has long open is not called synced before it is here', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [never, never] as import('./docs-world.ts').DocsActor[]
    alice!.open('notes')
    world.settle()
    bob!.open('other')
    world.settle()
    alice!.write('notes', 'long ago')
    world.settle()
    const states: string[] = []
    bob!.open('notes')
    for (let i = 0; i < 100; i++) {
      const view = bob!.view('notes')
      if (view && view.state !== 'syncing') {
        states.push(view.state)
        expect([view.state, bob!.text('notes')]).toEqual(['synced', 'long ago'])
      }
      for (const task of bob!.tasks.splice(0)) task()
      if (bob!.docs.deadlineMs <= world.nowMs) bob!.step({ type: 'tick' })
      world.deliver()
    }
    expect(states.length).toBeGreaterThan(0)
  })

  test('closed and opened again it is not called alone while the other has it open', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as import('./docs-world.ts').DocsActor[]
    alice!.open('notes')
    bob!.open('notes')
    world.settle()
    bob!.close('notes')
    world.settle()
    alice!.write('notes', 'meanwhile')
    world.settle()
    bob!.views.clear()
    bob!.open('notes')
    world.settle()
    expect(bob!.view('notes')?.state).toBe('synced')
    expect(bob!.text('notes')).toBe('meanwhile')
  })
})
void Y
void failing
