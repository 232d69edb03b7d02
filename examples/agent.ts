// The smallest agent: `npx tsx examples/agent.ts`, on a machine where `npm start` runs.

import { joinMesh } from 'skein'

const mesh = await joinMesh({ mesh: 'lobby', name: 'parrot' })

for await (const message of mesh.inbox()) {
  await message.reply(`You said: ${JSON.stringify(message.body)}`)
  await message.handled()
}
