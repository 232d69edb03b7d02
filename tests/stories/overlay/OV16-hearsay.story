# OV16 nobody comes back by hearsay under the incarnation that died; first hand it lives
#
# carol says that dave, who is dead, was seen.

show meets, loses
given alice, bob, carol and dave join; wait 40 s; dave is killed; wait 10 s

> carol says to bob: record of dave; wait 3 s
! never bob: meets dave
! now bob does not know dave

> dave comes back; wait 5 s
  alice: meets dave
  bob: meets dave
  carol: meets dave
  dave: meets alice
  dave: meets bob
  dave: meets carol
! bob: meets dave
