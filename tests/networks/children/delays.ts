// Delays and reorders packets between places: a switch for VXLAN, which carries Ethernet frames in UDP datagrams. Each
// frame waits by itself, so later ones overtake it. The kernel here has no netem, and signals that name candidates
// also travel through the mesh, where no forwarder's address could be put into them; routes need nobody's help.

import { createSocket } from 'node:dgram'
import type { Delays } from '../support/namespaces.ts'

const [address, port, words, ...places] = process.argv.slice(2)
const { leastMs, meanMs, tailPermille, tailMs } = JSON.parse(words!) as Delays

/** Where the card with this hardware address is. */
const homes = new Map<string, string>()
const vxlanBytes = 8
const ethernetBytes = 14
const udp = 17

const delayMs = (): number => {
  const tail = Math.random() * 1000 < tailPermille ? Math.random() * tailMs : 0
  return leastMs - meanMs * Math.log(1 - Math.random()) + tail
}

/** Senders leave checksums to a network card, and there is none: 0 says that there is no checksum. */
function dropChecksum(packet: Buffer): void {
  const isIpv4 = packet.readUInt16BE(vxlanBytes + 12) === 0x0800
  const ipAt = vxlanBytes + ethernetBytes
  if (!isIpv4 || packet[ipAt + 9] !== udp) return
  const udpAt = ipAt + (packet[ipAt]! & 0x0f) * 4
  if (packet.length >= udpAt + 8) packet.writeUInt16BE(0, udpAt + 6)
}

const socket = createSocket('udp4')
socket.on('message', (packet, { address: from }) => {
  if (packet.length < vxlanBytes + ethernetBytes + 20) return
  dropChecksum(packet)
  const to = homes.get(packet.toString('hex', vxlanBytes, vxlanBytes + 6))
  homes.set(packet.toString('hex', vxlanBytes + 6, vxlanBytes + 12), from)
  for (const place of to === undefined ? places : [to]) {
    if (place !== from) setTimeout(() => socket.send(packet, Number(port), place), delayMs())
  }
})
socket.bind(Number(port), address, () => process.stdout.write('listening\n'))
