// Reads the pieces a Yjs update (encoding V1) is made of and takes nothing out but numbers: varints, texts by
// their length, JSON and `any` values by their grammar. It refuses what would make Yjs throw, or what Yjs would
// read and could not write again. Problems are thrown inside and become a Result in update-scan.ts.

/**
 * Values inside values. Yjs reads and writes both `any` and JSON values by recursion, so a hostile nest overflows
 * its stack. chosen: writing overflows between 5,000 and 8,000 levels in Node 20; ours is a twentieth of that, for
 * programs that are deep in their own calls.
 */
export const maxValueDepth = 256

/** Seven bits a byte: more bytes than these are beyond 2^53, or padding that lib0 reads as NaN in the end. */
const maxVarBytes = 8

const character = (text: string): number => text.charCodeAt(0)
const quote = character('"')
const backslash = character('\\')
const comma = character(',')
const colon = character(':')
const dot = character('.')
const minus = character('-')
const plus = character('+')
const zero = character('0')
const nine = character('9')
const openBracket = character('[')
const closeBracket = character(']')
const openBrace = character('{')
const closeBrace = character('}')

/** Ends the scan; only `scanUpdate` catches it. */
export function refuse(reason: string): never {
  throw new RangeError(reason)
}

/** A place in the bytes that only moves forward; every read checks the end. */
export class UpdateReader {
  readonly #bytes: Uint8Array
  #at = 0
  /** Where the last text began. */
  #textFrom = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get bytesLeft(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    const value = this.#bytes[this.#at]
    if (value === undefined) refuse('truncated')
    this.#at += 1
    return value
  }

  /** An integer from 0 to 2^53-1. */
  uint(): number {
    const first = this.byte()
    return first < 0x80 ? first : this.#longUint(first)
  }

  #longUint(first: number): number {
    let value = first & 0x7f
    let unit = 0x80
    for (let count = 1; count < maxVarBytes; count += 1) {
      const byte = this.byte()
      value += (byte & 0x7f) * unit
      unit *= 0x80
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : refuse('number too large')
    }
    return refuse('number too large')
  }

  /** A number of things of at least one byte each; so a list cannot claim more than the bytes can hold. */
  count(): number {
    const count = this.uint()
    return count <= this.bytesLeft ? count : refuse('truncated')
  }

  skip(count: number): void {
    if (count > this.bytesLeft) refuse('truncated')
    this.#at += count
  }

  /** Skips a text; its length as JavaScript counts it. Refuses bytes that are not UTF-8: lib0 throws at them. */
  text(): number {
    const size = this.uint()
    this.#textFrom = this.#at
    this.skip(size)
    return utf16Length(this.#bytes, this.#textFrom, this.#at)
  }

  /** Whether the text skipped last is this one (ASCII). */
  lastTextIs(expected: string): boolean {
    if (this.#at - this.#textFrom !== expected.length) return false
    for (let index = 0; index < expected.length; index += 1) {
      if (this.#bytes[this.#textFrom + index] !== expected.charCodeAt(index)) return false
    }
    return true
  }

  /** Skips a text that JSON.parse must take. */
  json(): void {
    this.text()
    checkJson(this.#bytes, this.#textFrom, this.#at)
  }

  /** The same, or the word that Yjs writes where JSON has none. */
  jsonOrUndefined(): void {
    this.text()
    if (!this.lastTextIs('undefined')) checkJson(this.#bytes, this.#textFrom, this.#at)
  }

  /** Skips the options of a subdocument: those Yjs writes, and no others. */
  options(): void {
    if (this.byte() !== 118) refuse('options of a subdocument')
    for (let left = this.count(); left > 0; left -= 1) {
      this.text()
      if (this.lastTextIs('meta')) this.any(1)
      else if (this.lastTextIs('gc') || this.lastTextIs('autoLoad')) this.#flag()
      else refuse('options of a subdocument')
    }
  }

  #flag(): void {
    const kind = this.byte()
    if (kind !== 120 && kind !== 121) refuse('options of a subdocument')
  }

  /** Skips one `any` value as lib0 writes it. `depth`: containers around it. */
  any(depth = 0): void {
    const kind = this.byte()
    switch (kind) {
      case 127: // undefined
      case 126: // null
      case 121: // false
      case 120: // true
        return
      case 125:
        return this.#int()
      case 124: // 32-bit float
        return this.skip(4)
      case 123: // 64-bit float
      case 122: // 64-bit bigint
        return this.skip(8)
      case 119:
        this.text()
        return
      case 118:
        return this.#object(depth + 1)
      case 117:
        return this.#array(depth + 1)
      case 116:
        return this.skip(this.uint())
      default:
        return refuse('unknown kind of value')
    }
  }

  #int(): void {
    for (let count = 0; count < maxVarBytes; count += 1) if (this.byte() < 0x80) return
    refuse('number too large')
  }

  #object(depth: number): void {
    if (depth > maxValueDepth) refuse('values nested too deep')
    for (let left = this.count(); left > 0; left -= 1) {
      this.text()
      // lib0 assigns it, which sets the prototype: the value is lost, and with bytes as prototype Yjs takes the
      // object for bytes and can never encode the document again.
      if (this.lastTextIs('__proto__')) refuse('a key named __proto__')
      this.any(depth)
    }
  }

  #array(depth: number): void {
    if (depth > maxValueDepth) refuse('values nested too deep')
    for (let left = this.count(); left > 0; left -= 1) this.any(depth)
  }
}

/** UTF-16 units of a UTF-8 text; refuses what the decoder of WHATWG would call an error. */
function utf16Length(bytes: Uint8Array, from: number, to: number): number {
  let units = to - from
  let at = from + asciiLength(bytes, from, to)
  while (at < to) {
    const lead = bytes[at] ?? 0
    if (lead < 0x80) {
      at += 1
      continue
    }
    const size = sequenceLength(lead)
    if (at + size > to) refuse('text is not UTF-8')
    checkSequence(bytes, at, lead, size)
    // Two bytes make one unit, three one, four a pair of surrogates.
    units -= size === 2 ? 1 : 2
    at += size
  }
  return units
}

/** Texts shorter than this are not worth a view of their own. chosen. */
const minViewedBytes = 64

/** How many bytes at the beginning are ASCII, about: sixteen at a time, for long texts are mostly that. */
function asciiLength(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < minViewedBytes) return 0
  // Words are read where words may begin.
  let at = from
  for (const aligned = from + ((4 - ((bytes.byteOffset + from) & 3)) & 3); at < aligned; at += 1) {
    if (bytes[at]! >= 0x80) return at - from
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, (to - at) >>> 2)
  const end = words.length & ~3
  let word = 0
  while (word < end) {
    const four = words[word]! | words[word + 1]! | words[word + 2]! | words[word + 3]!
    if ((four & 0x80808080) !== 0) break
    word += 4
  }
  return at - from + 4 * word
}

function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2
  if (lead >= 0xe0 && lead <= 0xef) return 3
  if (lead >= 0xf0 && lead <= 0xf4) return 4
  return refuse('text is not UTF-8')
}

/** The second byte is bounded further by the first: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
function checkSequence(bytes: Uint8Array, at: number, lead: number, size: number): void {
  const second = bytes[at + 1] ?? 0
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) refuse('text is not UTF-8')
  for (let next = at + 2; next < at + size; next += 1) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) refuse('text is not UTF-8')
  }
}

function checkJson(bytes: Uint8Array, from: number, to: number): void {
  const json = new JsonChecker(bytes, from, to)
  json.value(0)
  json.end()
}

/** Goes over one JSON text without building its value. The bytes are known to be UTF-8. */
class JsonChecker {
  readonly #bytes: Uint8Array
  readonly #to: number
  #at: number

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes
    this.#at = from
    this.#to = to
  }

  end(): void {
    if (this.#at !== this.#to) refuse('bad JSON')
  }

  /** A value with the blanks around it. */
  value(depth: number): void {
    this.#blanks()
    const first = this.#peek()
    if (first === quote) this.#string()
    else if (first === openBrace) this.#list(closeBrace, depth + 1)
    else if (first === openBracket) this.#list(closeBracket, depth + 1)
    else if (first === minus || isDigit(first)) this.#number()
    else this.#word(first)
    this.#blanks()
  }

  /** The byte ahead; -1 at the end. */
  #peek(): number {
    return this.#at < this.#to ? (this.#bytes[this.#at] ?? -1) : -1
  }

  #expect(byte: number): void {
    if (this.#peek() !== byte) refuse('bad JSON')
    this.#at += 1
  }

  #takes(byte: number): boolean {
    if (this.#peek() !== byte) return false
    this.#at += 1
    return true
  }

  #blanks(): void {
    for (let byte = this.#peek(); byte === 0x20 || (byte >= 0x09 && byte <= 0x0d); byte = this.#peek()) {
      if (byte === 0x0b || byte === 0x0c) return
      this.#at += 1
    }
  }

  /** An array or, where it closes with a brace, an object. */
  #list(close: number, depth: number): void {
    if (depth > maxValueDepth) refuse('values nested too deep')
    this.#at += 1
    this.#blanks()
    if (this.#takes(close)) return
    do {
      if (close === closeBrace) this.#key()
      this.value(depth)
    } while (this.#takes(comma))
    this.#expect(close)
  }

  #key(): void {
    this.#blanks()
    if (this.#peek() !== quote) refuse('bad JSON')
    this.#string()
    this.#blanks()
    this.#expect(colon)
  }

  #string(): void {
    this.#at += 1
    for (;;) {
      const byte = this.#peek()
      if (byte < 0x20) refuse('bad JSON')
      this.#at += 1
      if (byte === quote) return
      if (byte === backslash) this.#escape()
    }
  }

  #escape(): void {
    const kind = this.#peek()
    if (kind < 0 || !'"\\/bfnrtu'.includes(String.fromCharCode(kind))) refuse('bad JSON')
    this.#at += 1
    if (kind !== character('u')) return
    for (let digit = 0; digit < 4; digit += 1) {
      if (!isHexDigit(this.#peek())) refuse('bad JSON')
      this.#at += 1
    }
  }

  #number(): void {
    this.#takes(minus)
    // No digit may follow a leading zero; one that does is found by whoever reads on.
    if (!this.#takes(zero)) this.#digits()
    if (this.#takes(dot)) this.#digits()
    const next = this.#peek()
    if (next !== character('e') && next !== character('E')) return
    this.#at += 1
    if (!this.#takes(plus)) this.#takes(minus)
    this.#digits()
  }

  #digits(): void {
    if (!isDigit(this.#peek())) refuse('bad JSON')
    while (isDigit(this.#peek())) this.#at += 1
  }

  #word(first: number): void {
    const word = first === character('t') ? 'true' : first === character('f') ? 'false' : 'null'
    for (let index = 0; index < word.length; index += 1) this.#expect(word.charCodeAt(index))
  }
}

const isDigit = (byte: number): boolean => byte >= zero && byte <= nine

const isHexDigit = (byte: number): boolean =>
  isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
