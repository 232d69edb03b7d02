// An agent that joins a mesh, answers whatever it is told, and can lead.
//
//   npx tsx examples/echo-agent.ts [MESH] [NAME]
//
// It finds the signaling server of this machine by itself; SKEIN_SIGNALING names others (comma-separated).
// Its messages and its identity live in ~/.skein/MESH/NAME, so what was sent to it while it was away arrives later.

import { joinMesh, type Json } from 'skein'

const [meshName = 'lobby', name = 'echo'] = process.argv.slice(2)
const servers = process.env['SKEIN_SIGNALING']?.split(',')

const mesh = await joinMesh({
  mesh: meshName,
  name,
  ...(servers && { signaling: servers }),
  ...(process.env['SKEIN_DATA_DIR'] && { dataDir: process.env['SKEIN_DATA_DIR'] }),
})
console.log(`${name} is in ${meshName}`)

const isPerson = (member: string): boolean => mesh.members.get(member as never)?.kind === 'human'

mesh.on('leader', ({ leader, epoch, reason }) => {
  console.log(`leader: ${leader?.name ?? 'nobody'} (epoch ${epoch}, ${reason})`)
})
mesh.on('error', (error) => console.error(`${error.code}: ${error.message}`))

mesh.lead(async ({ epoch, signal }) => {
  console.log(`leading in epoch ${epoch}`)
  signal.addEventListener('abort', () => console.log('leading no more'))
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void mesh.leave().then(() => process.exit(0))
  })
}

await mesh.room('general').join()
for await (const message of mesh.inbox<Json>()) {
  // Two agents that answer each other would never stop: answer people, and whatever is sent to us alone.
  if (message.replyTo === undefined && (isPerson(message.from) || !message.to.startsWith('#'))) {
    await message.reply({ echo: message.body })
  }
  await message.handled()
  console.log(`answered ${message.fromName}: ${JSON.stringify(message.body)}`)
}
