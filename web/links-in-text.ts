// Splits a text into plain pieces and web addresses. Nothing here makes HTML: the message component turns each
// piece into a text node, and only http and https addresses into anchors.

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string }

const address = /https?:\/\/[^\s<>"'`\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/gi
/** Ends a sentence rather than an address. */
const trailing = /[.,:;!?)\]}*_]+$/

/** The pieces of `text`, in order; joined they give `text` again. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const match of text.matchAll(address)) {
    const shown = withoutTrailing(match[0])
    const href = safeAddress(shown)
    if (href === undefined) continue
    if (match.index > from) pieces.push({ kind: 'text', text: text.slice(from, match.index) })
    pieces.push({ kind: 'link', text: shown, href })
    from = match.index + shown.length
  }
  if (from < text.length) pieces.push({ kind: 'text', text: text.slice(from) })
  return pieces
}

/** Keeps a closing bracket whose opening one is part of the address. */
function withoutTrailing(found: string): string {
  const cut = found.replace(trailing, '')
  const closesOwnBracket = found[cut.length] === ')' && cut.includes('(')
  return closesOwnBracket ? `${cut})` : cut
}

function safeAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined
}
