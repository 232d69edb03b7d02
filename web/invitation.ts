// Reads what the address's fragment asks for (`/#mesh=acme&name=ada`). A fragment never reaches a server, and
// it is wiped once read, so that neither a bookmark nor a shared screen gives it away.

export interface Invitation {
  readonly mesh: string | undefined
  readonly name: string | undefined
}

/** The invitation in `hash` (with or without `#`), or undefined where it holds none. */
export function readInvitation(hash: string): Invitation | undefined {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  if (!fields.has('mesh') && !fields.has('name')) return undefined
  return { mesh: fields.get('mesh') ?? undefined, name: fields.get('name') ?? undefined }
}

/** Reads the page's own fragment and takes it out of the address bar and the tab's history. */
export function takeInvitation(page: Pick<Window, 'location' | 'history'>): Invitation | undefined {
  const invitation = readInvitation(page.location.hash)
  if (invitation) page.history.replaceState(null, '', page.location.pathname + page.location.search)
  return invitation
}
