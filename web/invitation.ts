// Reads what the address's fragment asks for (`/#mesh=acme&name=ada`). A fragment never reaches a server, and
// it is wiped once read, so that neither a bookmark nor a shared screen gives it away. The other way round: the
// link that invites somebody, and a sentence on who can open it.

export interface Invitation {
  readonly mesh: string | undefined
  readonly name: string | undefined
  /** Whoever gives one relies on it, and there are none yet. */
  readonly hasSecret: boolean
}

/** The invitation in `hash` (with or without `#`), or undefined where it holds none. */
export function readInvitation(hash: string): Invitation | undefined {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  if (!['mesh', 'name', 'secret'].some((field) => fields.has(field))) return undefined
  return {
    mesh: fields.get('mesh') ?? undefined,
    name: fields.get('name') ?? undefined,
    hasSecret: fields.has('secret'),
  }
}

/** Reads the page's own fragment and takes it out of the address bar and the tab's history. */
export function takeInvitation(page: Pick<Window, 'location' | 'history'>): Invitation | undefined {
  const invitation = readInvitation(page.location.hash)
  if (invitation) page.history.replaceState(null, '', page.location.pathname + page.location.search)
  return invitation
}

/** The address that brings somebody into the mesh: the page's own, with the mesh in the fragment. */
export function invitationLink(page: Pick<Location, 'origin' | 'pathname'>, mesh: string): string {
  return `${page.origin}${page.pathname}#mesh=${encodeURIComponent(mesh)}`
}

/** Who can open a link to this host: this machine only, its network, or whoever can reach the host. */
export type Reach = 'machine' | 'network' | 'anywhere'

export function reachOf(hostname: string): Reach {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1' || host.startsWith('127.'))
    return 'machine'
  const isPrivate =
    /^10\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^169\.254\./.test(host) ||
    /^f[cd][0-9a-f]{2}:|^fe80:/.test(host)
  const isLocalName = !host.includes('.') && !host.includes(':')
  return isPrivate || isLocalName || /\.(local|lan|home\.arpa|internal)$/.test(host) ? 'network' : 'anywhere'
}

export function reachSentence(hostname: string): string {
  switch (reachOf(hostname)) {
    case 'machine':
      return `Other devices cannot open this link: "${hostname}" means this machine to every machine. It is good for other browsers and profiles here.`
    case 'network':
      return 'Devices on the same network as the server can open this link.'
    case 'anywhere':
      return `Whoever can reach ${hostname} can open this link.`
  }
}
