// Draws the screen the app is on.

import type { App } from '../app.ts'
import {
  EraseFailedScreen,
  ErasingScreen,
  FailedScreen,
  InsecureScreen,
  OpeningScreen,
} from './plain-screens.tsx'
import { JoinScreen } from './join-screen.tsx'
import { SessionView } from './session-view.tsx'

export function AppView({ app }: { app: App }) {
  const screen = app.screen.value
  switch (screen.type) {
    case 'ask':
      return <JoinScreen screen={screen} onJoin={(mesh, name) => void app.join(mesh, name)} />
    case 'opening':
      return <OpeningScreen mesh={screen.mesh} name={screen.name} />
    case 'insecure':
      return <InsecureScreen sentence={screen.sentence} />
    case 'failed':
      return (
        <FailedScreen
          screen={screen}
          onRetry={() => void app.join(screen.mesh, screen.name)}
          onBack={() => app.askAgain()}
        />
      )
    case 'erasing':
      return <ErasingScreen mesh={screen.mesh} />
    case 'erase-failed':
      return (
        <EraseFailedScreen
          screen={screen}
          onRetry={() => void app.eraseAgain()}
          onBack={() => void app.join(screen.mesh, screen.name)}
        />
      )
    case 'session':
      return (
        <SessionView
          session={screen.session}
          notifications={screen.notifications}
          onLeave={() => void app.leave()}
          onErase={() => app.erase()}
        />
      )
  }
}
