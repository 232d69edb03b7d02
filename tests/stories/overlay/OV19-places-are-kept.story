# OV19 a partition costs nobody his place, not even one that was cut off alone

show loses, meets
given alice, bob and carol join; wait 40 s

> partition alice | bob, carol, server; wait 1 min
  alice: loses bob (failed)
  alice: loses carol (failed)
  bob: loses alice (failed)
  carol: loses alice (failed)
! alice: loses bob (failed)
! bob: loses alice (failed)
! now alice has place 1

> heal; until alice, bob and carol know one another and nobody else
  alice: meets bob
  alice: meets carol
  bob: meets alice
  carol: meets alice
! now alice has place 1
! now bob has place 2
! now carol has place 3
