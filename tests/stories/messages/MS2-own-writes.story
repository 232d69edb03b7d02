# MS2 what is sent is stored, then broadcast, and only then the program is told; one id is one message
#
# A batch holds at most 64 messages. A write that fails rejects what was in it, and nothing of it is said.

show stores, entries, error
given alice and bob join; wait 40 s

> alice sends "hi" to @bob as order-1; wait 1 s
  alice: stores outbox alice 2, feed alice 2
  alice -> bob: to all: entries alice 2
  alice: stores ack of bob for alice
  bob: stores feed alice 2, inbox alice 2
! alice: stores outbox alice 2, feed alice 2 before alice -> bob: to all: entries alice 2
! alice: stores outbox alice 2, feed alice 2 before alice: message "hi" is stored

> alice sends "hi" to @bob as order-1; wait 1 s
  alice: stores outbox alice 3, feed alice 3, refused: others were faster
! alice: message "hi" is stored
! never alice: stores outbox alice 3, feed alice 3
! never alice -> bob: to all: entries*

> alice's disk is full; alice sends "lost" to @bob; wait 1 s
  alice: error storage-full
! alice: error storage-full
! never alice -> bob: to all: entries*

> alice's disk works again; alice sends 100 messages to @bob; wait 2 s
  alice: stores outbox alice 3, feed alice 3
  alice -> bob: to all: entries alice 3
  alice: stores outbox alice 4 to 67, feed alice 4 to 67
  alice -> bob: to all: entries alice 4 to alice 67
  alice: stores outbox alice 68 to 102, feed alice 68 to 102
  alice -> bob: to all: entries alice 68 to alice 102
  alice: stores ack of bob for alice
  bob: stores feed alice 3, inbox alice 3
  bob: stores feed alice 4 to 67, inbox alice 4 to 67
  bob: stores feed alice 68 to 102, inbox alice 68 to 102
! alice: stores outbox alice 4 to 67, feed alice 4 to 67
! at most 3 times alice: stores *feed alice*
! alice -> bob: to all: entries alice 4 to alice 67
! now alice has no undelivered
