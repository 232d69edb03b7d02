// A peer under measurement as the benchmark sees it: what it told, and how it is ended.

import type { LeaderNews, News, StateNews, Told } from './news.ts'
import type { RemoteTools } from './tools.ts'

export interface Participant {
  readonly name: string
  /** What it told last of itself; undefined before it has joined. */
  readonly state: StateNews | undefined
  /** Everything else it told, in order. */
  readonly news: readonly Told[]
  readonly tools: RemoteTools
  /** Ends it for good; does nothing where it is gone already. */
  end(): Promise<void>
}

export class Diary {
  state: StateNews | undefined
  readonly news: Told[] = []
  readonly #onNews: () => void

  constructor(onNews: () => void) {
    this.#onNews = onNews
  }

  write(news: News): void {
    if (news.type === 'state') this.state = news
    else this.news.push(news)
    this.#onNews()
  }
}

/** Its changes of leader since then. */
export const leadersSince = ({ news }: Participant, sinceMs: number): LeaderNews[] =>
  news.filter((one): one is LeaderNews => one.type === 'leader' && one.atMs >= sinceMs)
