// Invites somebody: the link, the same as a picture for phones, and who will be able to open it.

import { useRef } from 'preact/hooks'
import { invitationLink, reachOf, reachSentence } from '../invitation.ts'
import { CopyButton } from './copy-button.tsx'
import { Dialog } from './dialog.tsx'
import { QrCode } from './qr-code.tsx'

export function InviteDialog({ meshName, onClose }: { meshName: string; onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null)
  const { hostname, port } = window.location
  const link = invitationLink(window.location, meshName)
  const reach = reachOf(hostname)
  const canShare = typeof navigator.share === 'function'
  return (
    <Dialog title={`Invite to ${meshName}`} testId="invite" onClose={onClose}>
      <p>Whoever opens this link and types a name is in.</p>
      <div class="invite-link">
        <input
          ref={field}
          readOnly
          value={link}
          data-testid="invite-link"
          aria-label="Link that invites"
          onFocus={() => field.current?.select()}
        />
        <CopyButton label="Copy link" text={() => link} testId="invite-copy" class="primary" />
        {canShare && (
          <button
            type="button"
            class="quiet-button"
            data-testid="invite-share"
            onClick={() => {
              // Rejects where the person changes their mind: nothing to say.
              navigator.share({ title: `Skein: ${meshName}`, url: link }).catch(() => undefined)
            }}
          >
            Share…
          </button>
        )}
      </div>
      <QrCode text={link} label={`QR code of the link to ${meshName}`} />
      <p class={reach === 'machine' ? 'warning' : 'quiet'} data-testid="invite-reach" data-reach={reach}>
        {reachSentence(hostname)}
      </p>
      {reach === 'machine' && (
        <p class="quiet">
          To let other devices in, start the server with a certificate,{' '}
          <code>
            npm start -- --host 0.0.0.0 {port && `--port ${port} `}--tls-cert cert.pem --tls-key key.pem
          </code>
          , open it here by this machine's own address, and invite from there. docs/running.md shows how to
          make a certificate.
        </p>
      )}
    </Dialog>
  )
}
