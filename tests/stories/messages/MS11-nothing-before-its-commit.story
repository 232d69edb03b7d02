# MS11 nothing is acknowledged before its commit succeeded
#
# bob's disk is full: he takes nothing in, says nothing of it, and shows nothing. With room again he asks for it.

show stores, vector, receipt, message
given alice and bob join; bob handles the inbox; wait 40 s; bob's disk is full

> alice sends "hi" to @bob; wait 50 s
  alice: stores outbox alice 2, feed alice 2
  alice: message "hi" from alice to @bob
  alice: message "hi" is stored
  alice -> bob: vector alice 2
  alice -> bob: vector whole: alice 2 and bob 1
  bob -> alice: vector whole: alice 1 and bob 1
! never bob: stores *feed alice 2*
! never bob -> alice: vector*alice 2*
! never bob: message*
! never alice: receipt*

> bob's disk works again; until alice: receipt "hi" by bob
  alice -> bob: vector whole: alice 2 and bob 1
  alice: stores ack of bob for alice
  alice: receipt "hi" by bob
  alice: receipt "hi" delivered
  bob -> alice: vector whole: alice 1 and bob 1
  bob: stores feed alice 2, inbox alice 2
  bob: message "hi" from alice to @bob
  bob -> alice: vector alice 2
! bob: stores feed alice 2, inbox alice 2 before alice: receipt "hi" by bob
