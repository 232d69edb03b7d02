// Every number of the signaling server, with its unit in the name, the reason for it and where it comes from.
// "chosen" means a judgement that no measurement contradicted. A server may be given its own values.

const second = 1000
const KiB = 1024
const MiB = 1024 * KiB

export const signalingLimits = {
  /** One message, as UTF-8. An offer with all its candidates is 2-6 KiB (DESIGN: 64 KiB). */
  maxMessageBytes: 64 * KiB,
  /** What `ws` takes in at most before it closes with 1009 by itself: past this we do not read far enough to explain. chosen. */
  maxFrameBytes: 256 * KiB,
  /** Levels of nesting in a message. Signals need 4; 32,000 levels overflow the stack of JSON.stringify. chosen. */
  maxNesting: 64,
  /** Messages a socket may send without end, per second (DESIGN). */
  messagesPerSecond: 20,
  /** Messages it may send at once. A stock y-webrtc client that meets 34 others sends about 95 (FACTS; DESIGN). */
  messageBurst: 100,
  /** Topics one socket may be in, joined and subscribed together (DESIGN). */
  maxTopicsPerSocket: 8,
  /** Characters in the name of a topic: room for a URL, which stock clients use as room names. chosen. */
  maxTopicLength: 1024,
  /** Other peers a joiner is told of. Meeting 8 is enough to meet the rest through the mesh. chosen. */
  maxSample: 8,
  /** Peers told that another's socket closed: enough witnesses, whatever the size of the topic. chosen. */
  maxHintReceivers: 32,
  /** Sockets at a time. FACTS: 20,000 open files here; half of that leaves room for the rest. */
  maxConnections: 10_000,
  /** What may wait for a client that does not read; over it the socket is closed. chosen: 64 of the largest messages. */
  maxUnsentBytes: 4 * MiB,
  /** A socket is asked for a sign of life this often, and is dead when it gave none until the next time. chosen. */
  probeIntervalMs: 10 * second,
  /** A look at the sockets this much later than due accuses nobody: it was us who stood still. chosen. */
  lateProbeMs: 2 * second,
  /** How long a draining server waits for its clients to close before it cuts them off. chosen. */
  drainTimeoutMs: 2 * second,
}

export type SignalingLimits = typeof signalingLimits
