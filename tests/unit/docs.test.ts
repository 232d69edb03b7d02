// Documentation that can be wrong in a way a program can see: links that lead nowhere, folders without a README, code
// in the README that is not the code of the example, rules that are cited and do not exist.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const skipped = new Set(['node_modules', 'dist', 'test-results', 'playwright-report', 'results'])

/** Every folder and file of the project below `folder`; what is hidden or generated is left out. */
function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || skipped.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? [path, ...walk(path)] : [path]
  })
}

const everything = walk('.')
const pages = everything.filter((path) => path.endsWith('.md'))
const read = (path: string): string => readFileSync(path, 'utf8')

/** Code is no text: what looks like a link in it is none. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, 'code')

/** The anchors that headings make, by the rule of common renderers. */
const anchorsOf = (path: string): string[] => {
  const headings = read(path)
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, text]) =>
    text!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const linksOf = (path: string): string[] => {
  const text = prose(read(path))
  const markdown = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
  const html = [...text.matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map(([, target]) => target!)
  return [...markdown, ...html].filter((target) => !/^[a-z]+:/.test(target))
}

describe('links', () => {
  test('there are pages and links to look at', () => {
    expect(pages.length).toBeGreaterThan(20)
    expect(linksOf('README.md').length).toBeGreaterThan(10)
  })

  test.each(pages)('%s leads somewhere', (page) => {
    const broken = linksOf(page).filter((link) => {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : normalize(join(dirname(page), path))
      if (!existsSync(target)) return true
      return anchor !== undefined && !anchorsOf(target).includes(anchor)
    })
    expect(broken).toEqual([])
  })
})

describe('code in the pages', () => {
  test.each([
    ['README.md', 'examples/page.ts'],
    ['README.md', 'examples/agent.ts'],
    ['docs/documents.md', 'examples/codemirror.ts'],
    ['docs/testing-apps.md', 'examples/order-desk.ts'],
    ['docs/testing-apps.md', 'examples/order-desk.test.ts'],
  ])('%s prints %s as it is', (page, file) => {
    expect(read(page)).toContain(`\`\`\`ts\n${read(file).trim()}\n\`\`\``)
  })

  test('the page takes twenty lines', () => {
    expect(read('examples/page.ts').trim().split('\n').length).toBeLessThanOrEqual(20)
  })
})

describe('every folder says what it is', () => {
  const folders = everything.filter(
    (path) =>
      /^(core|signaling|web|tests|bench|examples|scripts)(\/|$)/.test(path) && statSync(path).isDirectory(),
  )
  // Parts of a folder whose README speaks for them.
  const spokenFor = /^(web|tests|bench)\//

  test.each(folders.filter((folder) => !spokenFor.test(folder)))('%s has a README', (folder) => {
    expect(existsSync(join(folder, 'README.md'))).toBe(true)
  })
})

describe('rules', () => {
  const defined = new Set(
    pages.flatMap((page) => [...read(page).matchAll(/^- \*\*([A-Z]{2}\d+)\*\*/gm)].map(([, id]) => id)),
  )

  test('those cited in docs/ exist', () => {
    const cited = pages
      .filter((page) => page.startsWith('docs/'))
      .flatMap((page) => [...read(page).matchAll(/\b(?:OV|EL|MS|SG|WI|DO)\d+\b/g)].map(([id]) => id))
    expect(cited.length).toBeGreaterThan(30)
    expect(cited.filter((id) => !defined.has(id))).toEqual([])
  })

  test('those in the titles of unit and simulated stories exist', () => {
    const tests = everything.filter((path) => /^tests\/.*\.(test|spec)\.ts$/.test(path))
    const titled = tests.flatMap((path) =>
      [...read(path).matchAll(/(?:test|describe|story)\(\s*['"`]((?:OV|EL|MS|SG|WI|DO)\d+)\b/g)].map(
        ([, id]) => id,
      ),
    )
    expect(titled.length).toBeGreaterThan(50)
    expect([...new Set(titled)].filter((id) => !defined.has(id))).toEqual([])
  })
})

test('no page names a path of somebody’s machine', () => {
  for (const page of pages) expect(read(page), page).not.toMatch(/\/(?:root|home\/[a-z]+)\//)
})
