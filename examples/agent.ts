import { joinMesh } from 'skein'

const mesh = await joinMesh({ mesh: 'lobby', name: 'parrot' })
mesh.lead(({ epoch, signal }) => {
  console.log(`I lead in epoch ${epoch}`)
  signal.addEventListener('abort', () => console.log('somebody else leads now'))
})
for await (const message of mesh.inbox()) {
  await message.reply(`You said: ${JSON.stringify(message.body)}`)
  await message.handled()
}
