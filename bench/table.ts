// Tables as aligned text: numbers to the right, words to the left.

import type { Table } from './benchmark.ts'

const isNumber = (cell: string | number | undefined): boolean =>
  typeof cell === 'number' || /^[\d.,]+[x%]?$|^-$/.test(cell ?? '')

export function formatTable({ title, columns, rows }: Table): string {
  const lines = [columns, ...rows].map((row) => row.map(String))
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)))
  const right = columns.map((_, at) => rows.length > 0 && rows.every((row) => isNumber(row[at])))
  const format = (line: readonly string[]): string =>
    line
      .map((cell, at) => (right[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd()
  const [head, ...body] = lines.map(format)
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [title, '', head, rule, ...body].join('\n')
}
