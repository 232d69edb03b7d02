// Which part of the tree may import what, as one table; check-floors.ts holds the sources to it. A file belongs to
// the first floor whose pattern fits. Imports go down: a floor names the floors below it that it may see.

export interface Floor {
  readonly name: string
  readonly files: RegExp
  /** Names of other floors it may import from. Its own files it always may. */
  readonly sees: readonly string[]
  /** Packages it may import; `node:` stands for all of Node's own modules, `*` for everything. */
  readonly packages: readonly string[]
  /** No clocks, no promises, no dynamic imports: everything from core/peer.ts down. */
  readonly pure?: boolean
}

const machines = ['overlay', 'election', 'messages', 'docs']
const pureFloors = ['peer', ...machines, 'wire', 'base']
const belowPlatform = ['mesh', 'driver', 'api', ...pureFloors]

const machineFloors: readonly Floor[] = machines.map((name) => ({
  name,
  files: new RegExp(`^core/${name}/`),
  sees: ['wire', 'base'],
  packages: name === 'docs' ? ['lib0'] : [],
  pure: true,
}))

export const floors: readonly Floor[] = [
  { name: 'base', files: /^core\/base\//, sees: [], packages: [], pure: true },
  { name: 'wire', files: /^core\/wire\//, sees: ['base'], packages: ['lib0'], pure: true },
  ...machineFloors,
  {
    name: 'peer',
    files: /^core\/peer(-[^/]*)?\.ts$/,
    sees: [...machines, 'wire', 'base'],
    packages: [],
    pure: true,
  },
  { name: 'api', files: /^core\/api\.ts$/, sees: ['base'], packages: ['yjs', 'y-protocols'] },
  {
    name: 'platform/shared',
    files: /^core\/platform\/shared\//,
    sees: belowPlatform,
    packages: ['simple-peer'],
  },
  {
    name: 'platform/sim',
    files: /^core\/platform\/sim\//,
    sees: ['platform/shared', ...belowPlatform],
    packages: [],
  },
  {
    name: 'platform/browser',
    files: /^core\/platform\/browser\//,
    sees: ['platform/shared', ...belowPlatform],
    packages: ['simple-peer', 'idb-keyval'],
  },
  {
    name: 'platform/node',
    files: /^core\/platform\/node\//,
    sees: ['platform/shared', ...belowPlatform],
    packages: ['node:', 'simple-peer', 'node-datachannel', 'classic-level', 'ws'],
  },
  {
    name: 'browser entry',
    files: /^core\/browser\.ts$/,
    sees: ['platform/browser', 'platform/shared', ...belowPlatform],
    packages: [],
  },
  {
    name: 'node entry',
    files: /^core\/node\.ts$/,
    sees: ['platform/node', 'platform/shared', ...belowPlatform],
    packages: ['node:'],
  },
  {
    name: 'testing entry',
    files: /^core\/testing\.ts$/,
    sees: ['platform/sim', ...belowPlatform],
    packages: [],
  },
  {
    name: 'mesh',
    files: /^core\/mesh(-[^/]*)?\.ts$/,
    sees: ['driver', 'api', ...pureFloors],
    packages: ['yjs', 'y-protocols', 'lib0'],
  },
  // Whatever else lies beside driver.ts and mesh.ts and serves them.
  { name: 'driver', files: /^core\/[^/]+\.ts$/, sees: ['api', ...pureFloors], packages: [] },
  {
    name: 'signaling',
    files: /^signaling\//,
    sees: ['platform/node', 'wire', 'base'],
    packages: ['node:', 'ws'],
  },
  // Editor and shared types are loaded when notes or tasks are looked at: nothing else in the app may name them.
  {
    name: 'web/documents',
    files: /^web\/documents\//,
    sees: ['web'],
    packages: [
      'skein',
      'preact',
      '@preact/signals',
      'yjs',
      'y-protocols',
      'y-codemirror.next',
      '@codemirror/commands',
      '@codemirror/lang-markdown',
      '@codemirror/language',
      '@codemirror/state',
      '@codemirror/view',
    ],
  },
  {
    name: 'web',
    files: /^web\//,
    sees: ['web/documents'],
    packages: ['skein', 'preact', '@preact/signals', 'uqr'],
  },
  {
    name: 'examples',
    files: /^examples\//,
    sees: [],
    packages: [
      'skein',
      'vitest',
      'node:',
      'yjs',
      '@codemirror/commands',
      '@codemirror/lang-markdown',
      '@codemirror/view',
      'y-codemirror.next',
      'quill',
      'y-quill',
    ],
  },
  {
    name: 'tools and tests',
    files: /^(tests|bench|scripts)\/|^[^/]+\.config\.ts$/,
    sees: ['*'],
    packages: ['*'],
  },
]

/** Large or native: they may only be loaded on demand, so that nobody who does not use them pays for them. */
export const onDemandOnly: readonly string[] = ['node-datachannel', 'classic-level']
