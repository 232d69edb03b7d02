// Back to a page that the browser has kept as it was. It keeps only pages that meanwhile do nothing, and says why it
// let one go.

import { expect, type Page } from '@playwright/test'

/** Goes back, and sees to it that the page comes out of the cache: where it was loaded anew, the browser's reasons are shown. */
export async function goBackThroughCache(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const came = new Promise<string>((resolve) => {
    session.on('Page.frameNavigated', ({ type }) => {
      if (type === 'BackForwardCacheRestore') resolve('as it was')
    })
    session.on('Page.backForwardCacheNotUsed', ({ notRestoredExplanations }) => {
      resolve(`anew: ${notRestoredExplanations.map(({ reason }) => reason).join(', ')}`)
    })
  })
  await session.send('Page.enable')
  // A page that comes out of the cache loads nothing: only the commit can be waited for.
  await page.goBack({ waitUntil: 'commit' })
  expect(await came, 'the page came back').toBe('as it was')
  await session.detach()
}
