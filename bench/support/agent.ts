// An agent under measurement: a child process that joins as its first message says, tells its news over IPC and does
// what else it is told. It ends when its parent does.

import { joinMesh, type MeshOptions } from 'skein'
import { createExchange, type Exchange } from './exchange.ts'
import { tellNews } from './news.ts'

export type AgentCommand =
  | { readonly do: 'join'; readonly options: MeshOptions }
  | { readonly do: keyof Exchange; readonly words: readonly never[] }

export interface AgentRequest {
  readonly number: number
  readonly command: AgentCommand
}

let exchange: Exchange | undefined

async function obey(command: AgentCommand): Promise<unknown> {
  if (command.do === 'join') {
    const mesh = await joinMesh(command.options)
    exchange = createExchange(mesh)
    tellNews(mesh, (news) => process.send?.({ news }))
    return mesh.me.id
  }
  const act = exchange?.[command.do] as ((...words: readonly never[]) => unknown) | undefined
  if (!act) throw new Error('join first')
  return act(...command.words)
}

process.on('message', ({ number, command }: AgentRequest) => {
  obey(command).then(
    (value) => process.send?.({ number, value }),
    (error: unknown) => process.send?.({ number, error: String(error) }),
  )
})
process.once('disconnect', () => process.exit(0))
