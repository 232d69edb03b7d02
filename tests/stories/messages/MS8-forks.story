# MS8 a store put back from an older backup goes on under a new id, and nothing that was written is lost
#
# alice's disk is put back to where it was before "a" and "b". She writes "c": her feed would fork. bob proves it, she
# takes a new feed and writes "c" into that.

show fork, stores, error, message
given alice and bob join; bob handles the inbox; wait 40 s; a copy of alice's disk is kept
given alice sends "a" to @bob; alice sends "b" to @bob; wait 2 s; alice is killed; alice's disk is put back; cut alice from bob

> alice comes back; wait 5 s; alice sends "c" to @bob; wait 1 s
  alice: stores outbox alice 2, feed alice 2
  alice: message "c" from alice to @bob
  alice: message "c" is stored
! never bob: message "c"*

> mend alice and bob; until bob: message "c"*; wait 5 s
  alice: stores the name of the store
  alice: error store-forked
  alice: stores outbox alice (feed 2) 2, feed alice (feed 2) 1 to 2
  alice: message "c" from alice to @bob
  alice: stores ack of bob for alice (feed 2)
  alice: stores feed alice 2 to 3
  alice: message "a" from alice to @bob
  alice: message "b" from alice to @bob
  bob: stores feed alice (feed 2) 1 to 2, inbox alice (feed 2) 2
  bob: message "c" from alice to @bob
! alice: error store-forked
! alice: stores *feed alice (feed 2) 1 to 2
! 1 times bob: message "c" from alice to @bob
! now bob has member alice: "a", "b", "c"
! now alice has no undelivered
