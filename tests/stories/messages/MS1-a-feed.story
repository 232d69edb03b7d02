# MS1 a feed is numbered without a hole, begins with a profile, and two tabs that write at once never fork it
#
# alice and ann are two tabs of one browser: one store, one feed. Both write at once: one of them is refused, follows what
# the other wrote, numbers anew.

show stores, entries, message
given bob joins; alice joins in browser chrome; ann joins in browser chrome; wait 2 s

> alice sends "one" and ann sends "two" to @bob at once; wait 2 s
  alice: stores outbox alice 3, feed alice 3
  alice: message "one" from ann to @bob
  alice -> ann: to all: entries alice 3
  alice -> bob: to all: entries alice 3
  alice: message "two" from ann to @bob
  alice: stores ack of bob for alice
  ann: stores outbox alice 3, feed alice 3, refused: others were faster
  ann: message "one" from ann to @bob
  ann: stores outbox alice 4, feed alice 4
  ann: message "two" from ann to @bob
  ann -> alice: to all: entries alice 4
  ann -> bob: to all: entries alice 4
  ann: stores ack of bob for alice, refused: others were faster
  bob: stores feed alice 3, inbox alice 3
  bob: message "one" from ann to @bob
  bob: stores feed alice 4, inbox alice 4
  bob: message "two" from ann to @bob
! *: stores *feed alice *refused: others were faster
! now bob has member alice: "one", "two"
! now alice's feed at bob ends with 4

> alice sends "three" to @bob; wait 1 s
  alice: stores outbox alice 5, feed alice 5
  alice: message "three" from ann to @bob
  alice -> ann: to all: entries alice 5
  alice -> bob: to all: entries alice 5
  alice: message "three" is stored
  alice: stores ack of bob for alice
  ann: message "three" from ann to @bob
  ann: stores ack of bob for alice, refused: others were faster
  bob: stores feed alice 5, inbox alice 5
  bob: message "three" from ann to @bob
! alice: stores outbox alice 5, feed alice 5
! bob: stores feed alice 5, inbox alice 5
