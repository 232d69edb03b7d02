// A text as a QR code: dark squares on a light ground in either theme, since many phones read no other, with the
// margin of four squares that the standard asks for (ISO/IEC 18004).

import { encode } from 'uqr'

const margin = 4

export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 0 })
  const squares = data
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + margin} ${y + margin}h1v1h-1z` : '')))
    .join('')
  return (
    <svg
      class="qr-code"
      data-testid="invite-qr"
      viewBox={`0 0 ${size + 2 * margin} ${size + 2 * margin}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <path class="ground" d={`M0 0h${size + 2 * margin}v${size + 2 * margin}H0z`} />
      <path class="squares" d={squares} />
    </svg>
  )
}
