// An agent under measurement: a child process that joins as its first message says, tells its news over IPC and does
// what else it is told. It ends when its parent does.

import { joinMesh, type MeshOptions } from 'skein'
import type { ConnectionClass } from '../bulk/raw.ts'
import { tellNews } from './news.ts'
import { type Call, callTool, createTools, type Tools } from './tools.ts'

export type AgentCommand =
  { readonly do: 'join'; readonly options: MeshOptions } | { readonly do: 'call'; readonly call: Call }

export interface AgentRequest {
  readonly number: number
  readonly command: AgentCommand
}

let tools: Tools | undefined

async function obey(command: AgentCommand): Promise<unknown> {
  if (command.do === 'join') {
    const mesh = await joinMesh(command.options)
    tools = createTools(mesh, loadConnectionClass)
    tellNews(mesh, (news) => process.send?.({ news }))
    return mesh.me.id
  }
  if (!tools) throw new Error('join first')
  return callTool(tools, command.call)
}

async function loadConnectionClass(): Promise<ConnectionClass> {
  const { RTCPeerConnection } = await import('node-datachannel/polyfill')
  return RTCPeerConnection as unknown as ConnectionClass
}

process.on('message', ({ number, command }: AgentRequest) => {
  obey(command).then(
    (value) => process.send?.({ number, value }),
    (error: unknown) => process.send?.({ number, error: String(error) }),
  )
})
process.once('disconnect', () => process.exit(0))
