// An agent for the tests: takes one JSON command a line on stdin and answers each with one JSON line on stdout.

import { createInterface } from 'node:readline'
import { joinMesh, type Mesh, MeshError, type MeshOptions } from 'skein'
import { createProbe, type Probe } from './probe.ts'

export type AgentCommand =
  | { readonly do: 'join'; readonly options: MeshOptions }
  | { readonly do: 'joinRoom'; readonly room: string }
  | { readonly do: 'send'; readonly to: string; readonly body: string; readonly delivered?: boolean }
  /** The process kills itself in the very microtask in which send() resolves; the answer never comes. */
  | { readonly do: 'sendAndDie'; readonly to: string; readonly body: string }
  | { readonly do: 'history'; readonly to: string }
  | {
      readonly do: 'writeDoc'
      readonly doc: string
      readonly name: string
      readonly lines: readonly string[]
    }
  | { readonly do: 'readDoc' | 'untilDocStored'; readonly doc: string }
  | { readonly do: 'lead' | 'consume' | 'report' | 'leave' }

async function main(): Promise<void> {
  let mesh: Mesh | undefined
  let probe: Probe | undefined

  const obey = async (command: AgentCommand): Promise<unknown> => {
    if (command.do === 'join') {
      mesh = await joinMesh(command.options)
      probe = createProbe(mesh)
      return mesh.me.id
    }
    if (!mesh || !probe) throw new Error('join first')
    switch (command.do) {
      case 'joinRoom':
        return mesh.room(command.room).join()
      case 'send': {
        const sent = await mesh.send(command.to as never, command.body)
        if (command.delivered === true) await sent.delivered()
        return sent.id
      }
      case 'sendAndDie':
        return mesh.send(command.to as never, command.body).then(() => process.kill(process.pid, 'SIGKILL'))
      case 'history':
        return (await mesh.history(command.to as never, { limit: 1000 })).map(({ id, body, state }) => ({
          id,
          body,
          state,
        }))
      case 'writeDoc':
        return probe.writeDoc(command.doc, command.name, command.lines)
      case 'readDoc':
        return probe.readDoc(command.doc)
      case 'untilDocStored':
        return probe.untilDocStored(command.doc)
      case 'lead':
        return probe.lead()
      case 'consume':
        return probe.consume()
      case 'report':
        return probe.report()
      case 'leave':
        return mesh.leave()
    }
  }

  const answer = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
  for await (const line of createInterface({ input: process.stdin })) {
    const { number, command } = JSON.parse(line) as { number: number; command: AgentCommand }
    obey(command).then(
      (value) => answer({ number, value }),
      (error: unknown) => {
        const code = error instanceof MeshError ? error.code : undefined
        answer({ number, error: { code, message: String(error) } })
      },
    )
  }
  // The test went away, or is done with us.
  process.exit(0)
}

await main()
