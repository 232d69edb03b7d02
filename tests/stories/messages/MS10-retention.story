# MS10 a store gives up bodies after 30 days, by its own clock; what it wrote and did not deliver stays
#
# "old" reached bob and expired: a month later both give up its body. "owed" never reached him: it waits, body and all.

show stores, message
given alice and bob join; alice and bob enters #news; wait 2 s
given alice sends "old" to #news for 1 day; wait 5 s; bob is killed; wait 10 s
given alice sends "owed" to @bob for 60 days; alice is killed; wait 31 days

> alice comes back; wait 10 s
  alice: stores feed alice 3
  alice: stores feed alice 5
! alice: stores *feed alice 3*
! never alice: stores *feed alice 4*
! now alice has 1 undelivered

> bob comes back; wait 10 s
  alice: stores ack of bob for alice
  alice: stores feed bob 3
  bob: stores feed alice 3
  bob: stores feed alice 4 to 5, inbox alice 4
  bob: stores feed bob 3
  bob: message "owed" from alice to @bob
  bob: stores ack of alice for bob
! bob: stores *feed alice 3*
! bob: message "owed" from alice to @bob
! now alice has no undelivered
