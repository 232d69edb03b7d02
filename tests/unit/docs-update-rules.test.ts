// The rules of the scan, one by one: what it refuses, with what words, and that what is just allowed passes.

import { fc } from '../support/properties.ts'
import * as Y from 'yjs'
import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { maxValueDepth } from '../../core/docs/update-content.ts'
import { maxSubdocuments, scanUpdate } from '../../core/docs/update-scan.ts'
import { bytesOf, many, refusal, scanned, type Part } from './docs-update-samples.ts'

describe('each rule', () => {
  const atRoot = [1, 'text']
  const item = (kind: number, ...content: Part[]): Part[] => [1, 1, 5, 0, kind, ...atRoot, ...content, 0]

  test.each<[string, Part[]]>([
    ['truncated', []],
    ['truncated', [1, 1, 5, 0]],
    ['truncated', [200, 1]],
    ['truncated', [1, 2 ** 40, 5, 0, 0, 1, 0]],
    ['bytes left over', [0, 0, 0]],
    ['empty block', [1, 0, 5, 0, 0]],
    ['two blocks of one client', [2, 1, 5, 0, 0, 1, 1, 5, 1, 0, 1, 0]],
    ['unknown kind of struct', [1, 1, 5, 0, 11, ...atRoot, 0]],
    ['unknown kind of struct', [1, 1, 5, 0, { byte: 0x20 }, ...atRoot, 0]],
    ['unknown kind of struct', [1, 1, 5, 0, { byte: 0x2a }, ...atRoot, 'key', 0]],
    ['unknown kind of parent', [1, 1, 5, 0, 4, 2, 'text', 'a', 0]],
    ['unknown type', item(7, 7)],
    ['unknown kind of value', item(8, 1, 115)],
    ['length of 0', [1, 1, 5, 0, 0, 0, 0]],
    ['length of 0', [1, 2, 5, 0, 10, 0, 0, 1, 0]],
    ['length of 0', item(1, 0)],
    ['length of 0', item(2, 0)],
    ['length of 0', item(4, '')],
    ['length of 0', item(8, 0)],
    ['length of 0', [0, 1, 5, 1, 0, 0]],
    ['text is not UTF-8', item(4, 2, { byte: 0xc0 }, { byte: 0x80 })],
    ['bad JSON', item(5, '')],
    ['bad JSON', item(5, '{"a":1,}')],
    ['bad JSON', item(6, 'bold', 'undefined')],
    ['bad JSON', item(2, 1, '\uFEFF1')],
    ['values nested too deep', item(5, '['.repeat(maxValueDepth + 1) + ']'.repeat(maxValueDepth + 1))],
    ['values nested too deep', item(8, 1, many(maxValueDepth + 1, [117, 1]), 126)],
    ['a key named __proto__', item(8, 1, 118, 1, '__proto__', 116, 0)],
    ['options of a subdocument', item(9, 'guid', 126)],
    ['options of a subdocument', item(9, 'guid', 118, 1, 'guid', 126)],
    ['options of a subdocument', item(9, 'guid', 118, 1, 'gcFilter', 126)],
    ['refers to itself or to what comes after it', [1, 1, 5, 3, { byte: 0x84 }, 5, 3, 'a', 0]],
    ['refers to itself or to what comes after it', [1, 1, 5, 3, { byte: 0x44 }, 5, 4, 'a', 0]],
    ['refers to itself or to what comes after it', [1, 1, 5, 3, 4, 0, 5, 3, 'a', 0]],
    ['empty list of deletions', [0, 1, 5, 0]],
    ['two lists of deletions of one client', [0, 2, 5, 1, 0, 1, 5, 1, 2, 1]],
    ['deletions out of order', [0, 1, 5, 2, 4, 2, 0, 1]],
    ['deletions out of order', [0, 1, 5, 2, 0, 2, 1, 1]],
    ['number too large', [{ byte: 0x80 }, many(200, { byte: 0x80 }), 0]],
    ['number too large', item(8, 1, 125, many(9, { byte: 0x80 }), 0)],
  ])('%s', (reason, parts) => {
    expect(refusal(...parts)).toBe(reason)
  })

  const tooMuch = limits.maxDocClock
  test.each<[string, Part[]]>([
    ['a clock', [1, 1, 5, tooMuch, 0, 1, 0]],
    ['a length', [1, 1, 5, 0, 0, tooMuch + 1, 0]],
    ['lengths that add up', [1, 2, 5, 0, 0, tooMuch - 1, 0, 2, 0]],
    ['a hole', [1, 2, 5, 0, 10, tooMuch, 0, 1, 0]],
    ['an origin', [1, 1, 5, 0, { byte: 0x84 }, 6, tooMuch, 'a', 0]],
    ['a deletion', [0, 1, 5, 1, tooMuch, 1]],
    ['the end of a deletion', [0, 1, 5, 1, 1, tooMuch]],
  ])('clock too large: %s', (_, parts) => {
    expect(refusal(...parts)).toBe('clock too large')
  })

  test.each([2 ** 53, 2 ** 56 - 1, 2 ** 60, 2 ** 64])(
    'a number of %d is too large wherever it stands',
    (number) => {
      const places: Part[][] = [
        [],
        [1],
        [1, 1],
        [1, 1, 5],
        [1, 1, 5, 0, 0],
        [0],
        [0, 1],
        [0, 1, 5],
        [0, 1, 5, 1],
      ]
      for (const before of places) expect(refusal(...before, { huge: number })).toBe('number too large')
    },
  )

  test('the largest that are allowed pass, and Yjs takes them', () => {
    const update = bytesOf(
      1,
      1,
      2 ** 53 - 1,
      0,
      0,
      limits.maxDocClock,
      1,
      2 ** 53 - 1,
      1,
      1,
      limits.maxDocClock - 1,
    )
    expect(scanned(update).ranges).toEqual([{ client: 2 ** 53 - 1, from: 0, to: limits.maxDocClock }])
    const doc = new Y.Doc()
    Y.applyUpdate(doc, update)
    expect(doc.store.pendingStructs ?? doc.store.pendingDs).toBe(null)
    const nested = maxValueDepth
    const embed = '['.repeat(nested) + ']'.repeat(nested)
    Y.applyUpdate(new Y.Doc(), bytesOf(...item(5, embed)))
    expect(refusal(...item(5, embed))).toBeUndefined()
    expect(refusal(...item(8, 1, many(nested, [117, 1]), 126))).toBeUndefined()
  })

  test('too many subdocuments', () => {
    const sub = (count: number): Part[] => [
      [1, count, 5, 0],
      ...Array.from({ length: count }, (): Part => [9, 1, 't', 'g', 118, 0]),
      0,
    ]
    expect(refusal(...sub(maxSubdocuments))).toBeUndefined()
    expect(refusal(...sub(maxSubdocuments + 1))).toBe('too many subdocuments')
  })

  test('texts: UTF-8 as the decoder of WHATWG has it, and as long as JavaScript says', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const byte = fc.constantFrom(0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf)
    const lead = fc.constantFrom(0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xff)
    const pieces = fc.oneof(
      fc.array(fc.oneof(byte, lead), { minLength: 1, maxLength: 5 }),
      fc.string({ unit: 'binary', minLength: 1 }).map((text) => [...Buffer.from(text)]),
    )
    const property = fc.property(fc.array(pieces, { minLength: 1, maxLength: 3 }), (all) => {
      const text = Uint8Array.from(all.flat())
      const scan = scanUpdate(bytesOf(...item(4, { text })))
      let length: number | undefined
      try {
        length = decoder.decode(text).length
      } catch (problem) {
        expect(problem).toBeInstanceOf(TypeError)
      }
      expect(scan.ok ? scan.value.ranges[0]!.to : undefined).toBe(length)
    })
    fc.assert(property, { numRuns: 5000 })
  })

  test('JSON: what JSON.parse takes passes, and nothing else', () => {
    const token = fc.constantFrom(
      ...'{}[]:,"\\ \t\n\v\0-+.01e9Eutf'.split(''),
      'true',
      'false',
      'null',
      '"a"',
      '\\u00e9',
      '1e5',
      'é',
    )
    const text = fc.oneof(
      fc.array(token, { maxLength: 8 }).map((tokens) => tokens.join('')),
      fc.json(),
      fc.tuple(fc.json(), fc.nat(), token).map(([json, at, token]) => {
        const place = at % (json.length + 1)
        return json.slice(0, place) + token + json.slice(place + (at % 2))
      }),
    )
    const seen = [0, 0]
    const property = fc.property(
      text.filter((text) => Buffer.from(text).toString() === text),
      (text) => {
        let parses = true
        try {
          JSON.parse(text)
        } catch (problem) {
          parses = !(problem instanceof SyntaxError)
        }
        seen[parses ? 1 : 0]! += 1
        expect(refusal(...item(5, text))).toBe(parses ? undefined : 'bad JSON')
      },
    )
    fc.assert(property, { numRuns: 10_000 })
    expect(Math.min(...seen)).toBeGreaterThan(1000)
  })
})
