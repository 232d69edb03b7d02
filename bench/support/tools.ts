// What a peer under measurement can be told to do, the same in a page and in an agent.

import type { Mesh } from 'skein'
import { type Chat, createChat } from '../bulk/chat.ts'
import { createDocuments, type Documents } from '../bulk/documents.ts'
import { type ConnectionClass, createRawEnd, type RawEnd } from '../bulk/raw.ts'
import { createExchange, type Exchange } from './exchange.ts'

export interface Tools {
  readonly exchange: Exchange
  readonly documents: Documents
  readonly chat: Chat
  readonly raw: RawEnd
}

/** One call of one of them, as it travels. */
export interface Call {
  readonly tool: keyof Tools
  readonly name: string
  readonly words: readonly unknown[]
}

export function createTools(mesh: Mesh, getConnectionClass: () => Promise<ConnectionClass>): Tools {
  return {
    exchange: createExchange(mesh),
    documents: createDocuments(mesh),
    chat: createChat(mesh),
    raw: createRawEnd(getConnectionClass),
  }
}

export function callTool(tools: Tools, { tool, name, words }: Call): unknown {
  const functions = tools[tool] as unknown as Readonly<
    Record<string, (...words: readonly unknown[]) => unknown>
  >
  return functions[name]!(...words)
}

/** The functions of an object that lives in another process. */
export type Remote<T> = {
  readonly [Name in keyof T]: T[Name] extends (...words: infer Words) => infer Result
    ? (...words: Words) => Promise<Awaited<Result>>
    : never
}

export type RemoteTools = { readonly [Tool in keyof Tools]: Remote<Tools[Tool]> }

/** @param send carries a call to where the tools are, and its answer back */
export function remoteTools(send: (call: Call) => Promise<unknown>): RemoteTools {
  const remote = <T extends object>(tool: keyof Tools): Remote<T> =>
    new Proxy({} as Remote<T>, {
      get:
        (_, name: string) =>
        (...words: unknown[]) =>
          send({ tool, name, words }),
    })
  return {
    exchange: remote('exchange'),
    documents: remote('documents'),
    chat: remote('chat'),
    raw: remote('raw'),
  }
}
