// Every number the mesh lives by, with its unit in the name, the reason for it and where it comes from.
// "chosen" means a judgement that no measurement contradicted; change it when one does.

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute
const KiB = 1024
const MiB = 1024 * KiB

export const limits = {
  /** A link carries at most this much a frame: what whoever names no limit of its own takes (RFC 8841, section 6.1). */
  maxFrameBytes: 64 * KiB,
  /** … and this much while its line is slow or nothing is known of it: a heartbeat waits for one frame. chosen. */
  smallFrameBytes: 16 * KiB,
  /** A message on a link (many frames) may be this large: a body of 1 MiB with its header, in a batch. */
  maxLinkMessageBytes: 2 * MiB,
  /** … the records of others in it this much. chosen: room for
   * all a view holds if each says ten times what one does today, and for what a hello says besides. */
  maxRecordsBytes: 1 * MiB,
  /** What may wait in a link's own buffer before we keep the rest back (DESIGN: 256 KiB). */
  maxBufferedBytes: 256 * KiB,
  /** … and that only where the line carries it away within this; less on a slow line, never less than one frame. A
   * heartbeat goes behind it. chosen: half of a beat. */
  bufferedMs: 250,
  minBufferedBytes: 16 * KiB,
  /** Before anything is known of the line. chosen: a second at 256 kbit/s. */
  firstBufferedBytes: 32 * KiB,
  /** What may wait in one lane of our queue for a link; more is refused and fetched later. chosen. */
  maxQueuedBytes: 8 * MiB,
  /** Malformed frames from one link before it is closed (DESIGN). */
  maxMalformedFrames: 3,
  /** Direct links a peer keeps; with 16 peers that is the full mesh (DESIGN). */
  maxLinks: 15,
  /** … and with how many it still dials who knocks: in a larger mesh a newcomer with the highest id of all gets no link
   * otherwise. chosen: well below maxOpenLinks, for others dial us. */
  maxAnsweredLinks: 40,
  /** Links open at one time, those included that are not greeted yet or about to be replaced; more are refused.
   * chosen: a record names at most 64 neighbours. */
  maxOpenLinks: 60,
  /** Peers a view holds; more are not taken in. chosen: many times what this version serves. */
  maxPeers: 256,
  /** Peers a link is sought to at one time. chosen: all a view holds, and as many named or lost. */
  maxSought: 512,
  /** … of those that one introducer alone has named. chosen: as many as a mesh has, and others have as many. */
  maxSoughtOfOne: 256,
  /** Above these a record is malformed: room to add one safely for ever, out of reach by honest counting. chosen. */
  maxIncarnation: 2 ** 48,
  maxSeniority: 2 ** 48,
  /** What others say of a peer may be at most this far ahead of what it says itself; farther ahead it is forged. chosen: honest
   * news is ahead by what was said while a message travelled; steps of this size use the numbers up in years of flooding. */
  maxIncarnationJump: 2 ** 10,
  /** A peer is told at most this often what is held of it and is not its word. chosen. */
  contradictIntervalMs: 1 * second,
  /** Hops a unicast may take. A full mesh needs 2; the rest is for meshes with holes. chosen. */
  maxHops: 8,
  /** Unicasts of which nobody near knows the way go to all neighbours so often; beyond that to one, by lot. chosen. */
  maxFloodsPerSecond: 16,
  /** … and where more than `maxLinks` others are alive, to so many by lot, each of whom hands it on to one. chosen. */
  blindUnicasts: 2,
  /** Broadcast and unicast ids remembered, to drop copies. chosen: minutes of busy traffic. */
  maxSeenIds: 8192,
  /** Recent broadcasts kept to serve those who missed one; bytes of payload. chosen. */
  maxRecentBroadcastBytes: 1 * MiB,
  /** Offers of broadcast ids that ride on one ping or pong. chosen: 64 ids are 1.3 KB. */
  maxOffersPerPing: 64,
  /** A broadcast's id is offered only when this old: by then the whole of it has arrived nearly everywhere, and
   * nobody pulls what is under way. chosen. */
  offerDelayMs: 1 * second,
  /** With more than `maxLinks` others: neighbours from whom a peer takes broadcasts whole, and from how many more the ids.
   * chosen: two each is the least at which a random graph hangs together; a broadcast then costs three frames a peer. */
  broadcastSources: 2,
  broadcastOfferers: 2,
  /** How often it compares its view with that of a neighbour; and one that asks gets a long answer at most this often. chosen:
   * what broadcasts lost is found by everybody after two or three of these; one frame a peer and interval where all agree. */
  rosterIntervalMs: 8 * second,
  rosterAnswerIntervalMs: 1 * second,
  /** … and how often it is looked at whose ways lead where. chosen. */
  reachIntervalMs: 1 * second,
  /** A broadcast that was pulled and did not come is pulled from another neighbour after this. chosen. */
  pullTimeoutMs: 2 * second,

  /** A leader's sign of life to its first successor, on whom the failover hangs (DESIGN). */
  heartbeatIntervalMs: 500,
  /** … to its second successor, who is left when both fall silent at once. chosen. */
  secondHeartbeatIntervalMs: 1 * second,
  /** … and everybody's to the one peer that watches it, the next by id. measured: bench/mesh; each to all every second
   * were 70 frames/s for 8 idle peers and 270 for 16. */
  slowHeartbeatIntervalMs: 5 * second,
  /** Shortest pause between pings on a link over which nobody is watched; the longest is twice that. chosen: ICE tells of
   * most dead links long before. */
  idlePingIntervalMs: 1 * minute,
  /** Who begins to watch a peer asks it at once, and waits this long for an answer. chosen: a mesh that forms is at work. */
  newWatchPatienceMs: 3 * second,
  /** A link on which we spoke and heard nothing since is pinged after this. FACTS: ICE gives up after 16 s. */
  answerPatienceMs: 15 * second,
  /** A new link is pinged once after this, so that its round trip is known. chosen: when those made with it stand too. */
  firstPingDelayMs: 4 * second,
  /** … and once before, after this, by whoever would follow its leader: a leader may freeze in a young mesh too. chosen. */
  closePingDelayMs: 500,
  /** Offers of broadcasts wait for a ping of their own at most this long after the one before. chosen. */
  offerIntervalMs: 2 * second,
  /** One that was heard of gets this long to dial us before we knock; also how long a link may take to say hello. chosen. */
  knockDelayMs: 1 * second,
  /** Silence on a link before its far end is suspected; with the probe that follows: gone after about 2 s (DESIGN). */
  silenceTimeoutMs: 1500,
  /** Shortest and longest wait for the answer to a probe; between them 4 round trips + what our own clock lags. */
  minProbeTimeoutMs: 120,
  maxProbeTimeoutMs: 1000,
  /** Shortest wait where nothing but silence speaks against a peer. chosen: silence is weak evidence. */
  minSilentProbeTimeoutMs: 400,
  /** With more peers in doubt than this, each further one gets a probe's time more, up to the longest. measured: 16 tabs
   * that form a mesh on two cores with much else to do: doubts told to all bred doubts until none had a link left. */
  calmSuspicions: 2,
  maxCrowdedProbeTimeoutMs: 3 * second,
  /** Neighbours asked to carry a probe (SWIM, DSN 2002: 3). */
  indirectProbes: 3,
  /** A watcher later than this at its own deadline probes again before it accuses (Lifeguard, DSN 2018). chosen. */
  lateWatcherMs: 100,
  /** … but at most this often, lest a machine that is always late never notices a death. chosen. */
  maxLateProbes: 3,
  /** A machine that was not late for this long after it caught up is on time. chosen. */
  calmMs: 1 * second,
  /** Our own clock stood still this long: we stalled, step down and come back as a newcomer. */
  stallMs: 2 * second,
  /** A peer without a direct link that was not heard of for this long is probed through the mesh. chosen. */
  distantSilenceMs: 5 * second,
  /** With more than `maxLinks` others; and for so long each is believed that it has a link to somebody who is reached. chosen:
   * by then others have told of the link. */
  crowdDistantSilenceMs: 10 * second,
  vouchForSelfMs: 45 * second,
  /** From half of that on it is asked for a sign of life this often. chosen. */
  distantProbeIntervalMs: 1 * second,
  /** … and at most so many a second are. chosen: all of a full mesh; only peers that never were are more. */
  maxDistantProbesPerSecond: 16,
  /** Changes of our own record are gathered for this long. chosen. */
  recordDelayMs: 20,
  /** … and those that say no more than which links came up, which only neighbours are told, until none came for this
   * long, or the first waited for the longest time. measured: bench/mesh; told after 20 ms they were most of what a forming mesh of 16 sent. */
  linkRecordDelayMs: 500,
  maxLinkRecordDelayMs: 2 * second,
  /** Neighbours are told of peers that were news to us after this. chosen: most have met them by then. */
  rumourDelayMs: 250,
  /** Discovery ends at the latest after this: introducers that did not answer count as "nobody is there". */
  discoveryTimeoutMs: 3 * second,
  /** The same when an introducer named peers and links to them are being made; also what they get after a stall of ours. FACTS: links take 20-400 ms here. */
  introducedTimeoutMs: 15 * second,
  /** A link that has not formed after this is given up and dialled again. chosen: ICE + DTLS on bad networks. */
  dialTimeoutMs: 15 * second,
  /** Dials begun within `dialHeadStartMs` and not over yet; more wait. measured: bench/mesh, 16 tabs on two cores: with 15
   * dials at once in each a connection takes 2 s, with two 0.8 s, and the whole mesh no longer. */
  maxDialsAtOnce: 3,
  dialHeadStartMs: 500,
  /** Knocks sent within `dialHeadStartMs`. chosen: more than a small mesh needs, fewer than a hostile peer can name. */
  maxKnocksAtOnce: 8,
  /** Links a peer gets at once, to those that were there before; the others at leisure, one after the other, when nobody was heard
   * of for up to `leisureMs`. measured: bench/mesh (ADR 017). */
  firstLinks: 1,
  leisureMs: 1500,
  /** … and, where ever new ones are heard of, at the latest after this. chosen: a large mesh that starts at once has formed. */
  maxLeisureMs: 15 * second,
  /** With no more others than these the rest follow sooner. chosen: two of them may be tabs of one browser that dies. */
  smallMesh: 4,
  smallLeisureMs: 1 * second,
  /** A dial or a knock counts as a link to come for this long; then another is tried beside it. chosen: see dialHeadStartMs. */
  linkPatienceMs: 1 * second,
  /** … and for this long while nothing has come back: whoever was named may be dead. chosen: a few round trips. */
  signalPatienceMs: 500,
  /** An offer that neighbours carry and that was not answered after this goes to the servers too. chosen: well before peers without a
   * link are doubted, and longer than an answer takes while a mesh forms. */
  answerSignalMs: 1 * second,
  /** Negotiations that are remembered at one time. chosen: twice `maxOpenLinks`. */
  maxNegotiations: 120,
  /** Whoever is dialled by a peer of its view waits this much longer before it knocks. chosen: by then most were dialled. */
  leisureKnockMs: 5 * second,
  /** First and longest pause before a failed link is dialled again; doubled each time, jittered. */
  redialBaseMs: 250,
  redialMaxMs: 30 * second,
  /** A peer that was lost without a goodbye, or named and never met, is dialled for this long. chosen. */
  rememberLostMs: 60 * minute,
  /** … and by who has all the links it wants, one of them this often. chosen: two large parts that were apart meet within seconds,
   * and a mesh of 60 that lost half sends six signals a second. */
  lookForLostMs: 10 * second,
  /** The introducers are asked anew who is there, by all who live together, about once in this time. chosen: a server may
   * have kept two parts of a mesh from each other, and one more request a minute costs it nothing. */
  askAgainMs: 60 * second,
  /** First and longest pause before a signaling server is tried again; doubled each time, jittered. */
  reconnectBaseMs: 250,
  reconnectMaxMs: 10 * second,
  /** A tab hidden this long resigns if a fitter peer lives, and holds back for the same time (DESIGN). */
  hiddenResignMs: 5 * minute,
  holdBackMs: 5 * minute,
  /** A claim may be at most this far ahead of the highest epoch we know (DESIGN). */
  maxEpochJump: 2 ** 20,
  /** Farther ahead than that, and up to this, the elected peer's claim is believed after this time. chosen: at this pace
   * a hostile leader needs nearly a day to use up the 2^53 epochs there are; a device that slept through a forgery needs seconds. */
  maxFarEpochJump: 2 ** 40,
  farClaimPatienceMs: 10 * second,
  /** A vacant leadership is hidden from the user this long while its successor is known; also the pause between
   * two reminders to a leader that has not heard of a higher epoch. chosen: a claim takes one write and one hop. */
  claimPatienceMs: 1 * second,
  /** A tab that ran this late resigns: its heartbeats may be late as well (DESIGN). */
  lateResignMs: 1 * second,
  /** A new leader's duties wait at most this long for the one before to say that it stopped. = silence → gone. */
  handoverTimeoutMs: 2 * second,

  /** Body of a message, encoded (DESIGN: 1 MiB), and the byte that says which encoding. */
  maxBodyBytes: 1 * MiB + 1,
  /** Digests are compared this often on every link (DESIGN). */
  antiEntropyIntervalMs: 30 * second,
  /** Receipts and news of what we hold are gathered for this long (DESIGN: within 50 ms). */
  receiptDelayMs: 30,
  /** What was fetched from one neighbour is told to the others after this, together. measured: bench/mesh; told after
   * 30 ms, vectors were an eighth of what a forming mesh of 16 sent. */
  spreadDelayMs: 250,
  /** One answer to a request for missing messages carries at most this much. chosen: a few frames' worth of patience. */
  maxEntriesBytes: 256 * KiB,
  /** A request for missing messages that was not answered goes to another peer after this. chosen. */
  fetchTimeoutMs: 5 * second,
  /** Feeds fetched at the same time. chosen. */
  maxFetches: 8,
  /** Messages of one feed waiting for an earlier one. chosen; what does not fit is fetched later. */
  maxHeldBack: 256,
  /** Feeds known. chosen. */
  maxFeeds: 4096,
  /** Own messages signed and stored in one transaction. chosen. */
  maxAppendBatch: 64,
  /** Addressees tracked by name; beyond that by count (DESIGN). */
  maxNamedAddressees: 64,
  /** Members of a room count as addressees when seen within this (DESIGN). */
  roomMemberSeenMs: 7 * day,
  /** A message to a name nobody bears waits this long (DESIGN). */
  unboundTtlMs: 7 * day,
  /** A message without a time to live of its own. = retention. */
  defaultTtlMs: 30 * day,
  maxTtlMs: 365 * day,
  /** Retention (DESIGN): each store's own affair. */
  retentionMs: 30 * day,
  retentionMessagesPerRoom: 10_000,
  /** A clock this far ahead is stored and marked, never merged into ours (DESIGN). */
  maxClockAheadMs: 60 * second,
  /** First and longest pause before a duty or handler that threw is started again; doubled each time. chosen. */
  dutyRestartBaseMs: 250,
  dutyRestartMaxMs: 30 * second,
  /** An agent that found no signaling server on its machine looks again this often. chosen. */
  serverScanIntervalMs: 3 * second,
  /** The `status` event comes at most this often: somebody looks at it. chosen. */
  statusIntervalMs: 200,
  /** Messages a call to `history` returns unless told otherwise, and at most. chosen. */
  defaultHistoryMessages: 100,
  maxHistoryMessages: 1000,
  /** Rooms a member may have joined. chosen. */
  maxRooms: 256,
  /** Roles a peer may stand for; its record names them. chosen. */
  maxRoles: 63,
  /** Body of a cast, encoded: it must fit a link message with room to spare. chosen. */
  maxCastBytes: 256 * KiB,
  /** A document as it is encoded (DESIGN: 256 MiB). */
  maxDocBytes: 256 * MiB,
  /** Documents open in one peer. chosen. */
  maxDocs: 256,
  /** Holders of a document of which one word tells how far its sender is with them. chosen: four full meshes. */
  maxHoldersTold: 64,
  /** Clients of Yjs that ever wrote in one document: a vector that large is 1 MB. chosen. */
  maxDocClients: 65_536,
  /** An operation count above this is malformed: out of reach by honest editing, safe to add to. chosen. */
  maxDocClock: 2 ** 48,
  /** A document travels, is applied and is stored in segments of at most this (DESIGN: 1 MiB at most); a single larger
   * value is one of its own. measured: bench/bulk; each costs a transaction in Yjs and one in the store. */
  maxDocSegmentBytes: 512 * KiB,
  /** … and while people talk of at most this. measured: bench/bulk; with 1 MiB a message waited 100-200 ms for the row under
   * way, and with 256 KiB the slowest lines took 5 to 6 times what they take in an idle mesh, with this 2 to 5. */
  talkingDocSegmentBytes: 64 * KiB,
  /** … and of at least this; between them so large that applying one takes `docApplyMs`. chosen. */
  minDocSegmentBytes: 32 * KiB,
  /** Documents stand back this long after a message was written or came in. chosen: people pause longer than this, and
   * who only reads meanwhile loses nothing by it. */
  talkMs: 1 * second,
  /** Applying one segment should block no longer than a frame on the screen; while people talk, no longer than what they
   * wait for anyway. measured: bench/bulk. */
  docApplyMs: { quiet: 16, talking: 4 },
  /** While people talk at least so much time passes between two segments: what they cost whoever sends them is not seen by who
   * applies them in a millisecond. measured: bench/bulk, a tab to an agent; the slowest lines took 4 to 8 times what they take in
   * an idle mesh without it, 3 with it. */
  talkingDocRestMs: 12,
  /** A segment travels in pieces of this size, so that a message waits for one piece at most. chosen: with its head a
   * piece fits into one large frame, and is copied once. */
  maxDocPieceBytes: 64 * KiB - 256,
  /** Bytes of a transfer under way that were not yet taken in; to a peer without a direct link less. measured: what is under
   * way goes before a message, in every step that it takes. With 3 MiB a line of chat took 250 ms longer, with 512 KiB
   * 100 ms, with 64 KiB 15 ms (bench/bulk). While nobody talks it must not run dry: 4 MiB are 50 ms of what two agents can;
   * so much only where it is taken in within `docWindowMs`, for the first word of a talk waits for it. */
  docWindowBytes: { first: 512 * KiB, quiet: 4 * MiB, talking: 128 * KiB },
  docWindowMs: 250,
  /** Taking in is acknowledged after an eighth of what came before, from the first to the second of these. measured: each
   * costs an agent 0.4 to 0.8 ms. */
  docAckBytes: { least: 128 * KiB, most: 1 * MiB },
  /** … and when nothing more has come for this long: who sends may have heard talk that we did not, and waits. chosen. */
  docAckPatienceMs: 10,
  distantDocWindowBytes: 64 * KiB,
  /** Local edits up to this size are pushed; larger ones are announced, and pulled like any other difference. chosen. */
  maxDocUpdatesBytes: 64 * KiB,
  maxDocUpdates: 4096,
  /** Edits go out at once, and again after this long; what comes in between goes out together. chosen: well below what an eye sees. */
  docUpdateIntervalMs: 10,
  /** Open documents are compared anew this long after a peer that had them open went: it may have told some and not others. chosen. */
  docCompareDelayMs: 50,
  /** How a copy stands is told this long after a transfer: one is often followed by the next. chosen. */
  docTellDelayMs: 30,
  /** … and where somebody who came within `docFormingMs` has no link to us yet: more transfers follow, and what they bring is
   * passed on at once. chosen: links to a peer take this long on a busy machine. */
  docFormingTellDelayMs: 250,
  docFormingMs: 5 * second,
  /** A peer without a link to us is told of documents by way of others only after this: mostly a link is being made. chosen. */
  docLinkPatienceMs: 3 * second,
  /** … or, while links come up, at the latest after this. measured: bench/mesh; told before, documents were a quarter of
   * what a forming mesh of 16 sent. */
  maxDocLinkPatienceMs: 10 * second,
  /** A peer that was asked which documents it has open is asked again after this, until it answers. chosen. */
  docAskIntervalMs: 1 * second,
  /** What a peer says of its documents and others pass on mostly comes within this. What is older than something that others passed
   * on longer ago counts again: that may have been forged. chosen: twice `antiEntropyIntervalMs`. */
  maxDocWordDelayMs: 1 * minute,
  /** A transfer without a sign of progress is asked of another peer after this. chosen. */
  docTransferTimeoutMs: 5 * second,
  /** A transfer that goes on without bringing anything gives way after this, where somebody else has what is missing. chosen. */
  docTransferPatienceMs: 30 * second,
  /** Transfers one peer serves at a time; the oldest gives way. A waiting one costs little: it is pulled. chosen. */
  maxDocTransfers: 256,
  /** Edits applied and not yet stored; above it no more segments are applied until the store has caught up. chosen. */
  maxUnstoredDocBytes: 32 * MiB,
  /** While a transfer is under way, what came is stored so much later: disk and threads are the transfer's first. A kill costs
   * about so much of its time. measured: bench/bulk; with a rest of eight writes after each instead, 20 MB between two agents took a
   * twentieth more of the processors. */
  docStoreDelayMs: 1 * second,
  /** … as long as no more than this waits. measured: bench/bulk, with those rests; with 4 MiB two agents needed a tenth longer. */
  docStoreBehindBytes: 24 * MiB,
  /** Small edits of others are stored together with what comes within this. measured: bench/mesh; an edit reaches the last of 8
   * tabs sooner where no tab opens a transaction meanwhile. */
  docGatherMs: 25,
  /** Small stored rows of one document that are put together into one. chosen. */
  maxSmallDocRows: 128,
  /** First and longest pause before a document's write that failed is tried again; doubled each time. chosen. */
  docStoreRetryBaseMs: 1 * second,
  docStoreRetryMaxMs: 60 * second,
  /** What somebody is doing in a document: size of one state as JSON, clients of one peer, clock, and how often
   * changes go out. chosen: a cursor, a name and a colour are 200 bytes; 20 a second look live. */
  maxAwarenessBytes: 16 * KiB,
  maxAwarenessClients: 8,
  maxAwarenessClock: 2 ** 48,
  maxAwarenessClockJump: 2 ** 20,
  awarenessIntervalMs: 50,
  /** Longest time a peer may announce to be busy (DESIGN: bounded). chosen: a slow machine applying one segment. */
  maxBusyMs: 5 * second,
  /** Work expected to take longer than this is announced. chosen: a tenth of the silence that raises suspicion. */
  announceBusyMs: 150,
  /** A write that takes longer than this: a sibling tab is frozen inside a transaction (DESIGN: `storage-busy`). */
  storageBusyMs: 5 * second,
  /** What opening a database at the start may take. chosen: a browser that has just started on a busy machine was seen to
   * take more than 5 s. */
  storageOpenMs: 30 * second,
  /** Names and mesh or room names (DESIGN). */
  maxNameLength: 32,
  maxRoomNameLength: 64,
  /** Signals: what a signaling server takes (DESIGN: 64 KiB a message). */
  maxSignalBytes: 48 * KiB,
} as const
