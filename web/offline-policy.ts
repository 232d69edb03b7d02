// What the service worker does with a request, as a pure function, and what its caches are called.

export type Plan =
  /** Not ours: the browser goes to the network as if there were no worker. */
  | 'leave'
  /** A page of the app: the network if it answers soon, else the cached index.html. */
  | 'page'
  /** A built file whose name carries its hash: the cache first. */
  | 'asset'

export interface RequestLike {
  readonly method: string
  readonly mode: string
  readonly url: string
}

/** From a page to a worker that waits: it may take over at once if that page is of the same build, and the only one. */
export interface ActivationRequest {
  readonly type: 'activate-if-alone'
  /** A file of the page's build, as an absolute path. */
  readonly script: string
}

/** Answered by the server itself, always fresh. */
const serverPaths = new Set(['/health', '/metrics', '/ready'])

/** `assets` are absolute paths as the build wrote them; `base` is where the app is served, with a slash at its end. */
export function planFor(
  request: RequestLike,
  origin: string,
  base: string,
  assets: ReadonlySet<string>,
): Plan {
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== origin || !url.pathname.startsWith(base)) return 'leave'
  if (serverPaths.has(`/${url.pathname.slice(base.length)}`)) return 'leave'
  if (request.mode === 'navigate') return 'page'
  return assets.has(url.pathname) ? 'asset' : 'leave'
}

export const cachePrefix = 'skein-app-'

/** One cache for one build: another list of files is another name (FNV-1a, 32 bits; a clash only keeps one old cache). */
export function cacheName(assets: readonly string[]): string {
  let hash = 0x811c9dc5
  for (const unit of assets.join('\n')) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193)
  return `${cachePrefix}${(hash >>> 0).toString(16).padStart(8, '0')}`
}
