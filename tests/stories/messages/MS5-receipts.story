# MS5 a receipt is said after the commit, and believed after another; a lost one heals; what nobody took is reported expired

show stores, vector, receipt, removes, error, digest
given alice and bob join; wait 40 s

> alice sends "hi" to @bob; wait 1 s
  alice: stores ack of bob for alice
  alice: stores outbox alice 2, feed alice 2
  alice: removes outbox alice 2
  alice: receipt "hi" by bob
  alice: receipt "hi" delivered
  bob: stores feed alice 2, inbox alice 2
  bob -> alice: vector alice 2
! bob: stores feed alice 2, inbox alice 2 before bob -> alice: vector alice 2
! within 100 ms bob -> alice: vector alice 2
! alice: stores ack of bob for alice before alice: receipt "hi" by bob
! alice: removes outbox alice 2
! now alice has no undelivered

> lose the next vector from bob to alice; alice sends "again" to @bob; wait 2 s
  alice: stores outbox alice 3, feed alice 3
  bob: stores feed alice 3, inbox alice 3
  bob -> alice: vector alice 3 (lost)
! bob -> alice: vector alice 3 (lost)
! now alice has 1 undelivered

> until alice: receipt "again" by bob
  alice -> bob: digest
  alice: stores ack of bob for alice
  alice: removes outbox alice 3
  alice: receipt "again" by bob
  alice: receipt "again" delivered
  bob -> alice: vector alice 3
! within 65 s alice: receipt "again" by bob

> bob is killed; wait 10 s; alice sends "too late" to @bob for 1 min; wait 2 min
  alice: stores expired alice 4
  alice: stores outbox alice 4, feed alice 4
  alice: removes outbox alice 4
  alice: error expired
  alice: receipt "too late" expired
! alice: receipt "too late" expired
! 1 times alice: error expired
! now alice has no undelivered

> carol joins; bob comes back; carol enters #news; bob enters #news; wait 2 s; carol is killed; wait 1 s; alice enters #news; alice sends "for two" to #news; wait 5 s
  alice -> carol: vector whole: alice 4 and bob 1
  alice: stores feed carol 1
  alice -> carol: vector carol 1
  alice: stores ack of carol for alice
  alice: stores feed carol 2
  alice -> carol: vector carol 2
  alice: stores ack of bob for alice
  alice: receipt "too late" by bob
  alice: stores feed bob 2
  alice -> bob: vector bob 2
  alice: stores feed alice 5, joined #news
  alice: stores outbox alice 6, feed alice 6
  alice: receipt "for two" by bob
  bob -> carol: vector whole: alice 3 and bob 1
  bob: stores ack of carol for bob
  bob: stores feed alice 4
  bob: stores feed carol 1 to 2
  bob -> carol: to alice: vector alice 4
  bob -> carol: vector carol 2
  bob: stores ack of alice for bob
  bob: stores feed alice 5
  bob: stores feed bob 2, joined #news
  bob -> alice: vector alice 5
  bob: stores feed alice 6, inbox alice 6
  bob -> alice: vector alice 6
  carol: stores feed carol 1
  carol: stores the name of the store
  carol -> alice: vector whole: carol 1
  carol: stores feed alice 1 to 4
  carol: stores feed bob 1
  carol -> alice: vector alice 4
  carol: stores ack of alice for carol
  carol -> alice: vector alice 4 and bob 1
  carol: stores feed carol 2, joined #news
  carol -> alice: to alice, from bob: vector alice 4
  carol -> bob: vector whole: alice 4 and bob 1 and carol 2
  carol: stores ack of bob for carol
  carol: stores feed bob 2
  carol -> bob: vector bob 2
! alice: receipt "for two" by bob
! never alice: receipt "for two" delivered
! now alice has 1 undelivered

> carol comes back; until alice: receipt "for two" delivered
  alice: stores ack of carol for alice
  alice: removes outbox alice 6
  alice: receipt "for two" by carol
  alice: receipt "for two" delivered
  bob -> alice: to alice, from carol: vector alice 6
  bob -> carol: vector whole: alice 6 and bob 2 and carol 2
  carol -> bob: vector whole: alice 4 and bob 2 and carol 2
  carol: stores feed alice 5 to 6, inbox alice 6
  carol -> bob: to alice: vector alice 6
! now alice has no undelivered

> lose 9 entries from alice to bob; alice sends "unseen" to @bob; bob says to alice: vector of bob with 7 entries of alice; wait 100 ms
  alice: stores outbox alice 7, feed alice 7
  alice -> carol: vector whole: alice 7 and bob 2 and carol 2
  bob -> alice: vector alice 7
  carol -> alice: vector whole: alice 6 and bob 2 and carol 2
! bob -> alice: vector alice 7
! never alice: receipt*
! now alice has 1 undelivered
