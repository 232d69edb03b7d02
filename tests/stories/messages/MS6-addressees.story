# MS6 a message to a name that nobody bears waits, and becomes an entry at first sight of a bearer; addressees are frozen
#
# dave enters the room later: he was no addressee of what was said before.

show stores, removes, message, receipt
given alice and bob join; alice and bob enters #news; wait 40 s

> alice sends "for dave" to @dave as d1; wait 1 s
  alice: stores unbound
  alice: message "for dave" from alice to @dave, waiting
  alice: message "for dave" is stored
! alice: stores unbound
! now alice has 1 waiting for a name

> dave joins; wait 1 s
  alice: stores outbox alice 3, feed alice 3
  alice: removes unbound
  alice: stores ack of bob for alice
  alice: stores ack of dave for alice
  alice: removes outbox alice 3
  alice: receipt "for dave" by dave
  alice: receipt "for dave" delivered
  alice: stores feed dave 1
  bob: stores ack of dave for bob
  bob: stores feed alice 3
  bob: stores feed dave 1
  dave: stores feed alice 1 to 2
  dave: stores feed alice 3, inbox alice 3
  dave: stores feed bob 1 to 2
  dave: stores feed dave 1
  dave: stores the name of the store
  dave: message "for dave" from alice to @dave
  dave: stores ack of alice for dave
  dave: stores ack of bob for dave
! alice: stores outbox alice 3, feed alice 3
! alice: removes unbound
! dave: message "for dave" from alice to @dave
! alice: receipt "for dave" by dave

> bob is killed; wait 1 s; alice sends "news" to #news; wait 300 ms; dave enters #news; wait 3 s
  alice: stores outbox alice 4, feed alice 4
  alice: message "news" from alice to #news
  alice: message "news" is stored
  alice: stores ack of dave for alice
  alice: stores feed dave 2
  dave: stores ack of alice for dave
  dave: stores feed alice 4
  dave: stores feed dave 2, joined #news
! now dave has #news: "news"
! never dave: stores *inbox alice 4*
! never alice: receipt "news" delivered
! now alice has 1 undelivered

> bob comes back; wait 5 s
  alice: stores ack of bob for alice
  alice: removes outbox alice 4
  alice: receipt "news" by bob
  alice: receipt "news" delivered
  bob: stores feed alice 4, inbox alice 4
  bob: message "news" from alice to #news
  bob: stores feed dave 2
  dave: stores ack of bob for dave
! alice: receipt "news" by bob
! now alice has no undelivered
