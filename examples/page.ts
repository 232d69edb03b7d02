import { joinMesh } from 'skein'

const mesh = await joinMesh({ mesh: 'lobby', name: location.hash.slice(1) || 'ada' })
const [list, form, text] = ['#list', '#form', '#text'].map((id) => document.querySelector(id)!)
const show = (line: string) =>
  list!.append(Object.assign(document.createElement('li'), { textContent: line }))

mesh.on('leader', ({ leader }) => show(`${leader?.name ?? 'nobody'} leads`))
mesh.on('peers', ({ joined, left }) => {
  for (const peer of joined) show(`${peer.name} is here`)
  for (const { peer } of left) show(`${peer.name} is gone`)
})
mesh.on('message', ({ fromName, to, body }) => show(`${fromName} to ${to}: ${String(body)}`))
mesh.on('error', (error) => show(error.message))
form!.addEventListener('submit', (event) => {
  event.preventDefault()
  void mesh.send('#general', (text as HTMLInputElement).value).catch((error: Error) => show(error.message))
})
await mesh.room('general').join()
