# OV26 whatever happened: when it is quiet again all the living know one another, with one link each, and tell the same places

show loses, meets
seed 11
given alice, bob, carol and dave join; wait 40 s
given partition alice, bob | carol, dave; wait 3 s; heal; wait 500 ms; cut alice from dave; bob is killed; wait 2 s
given partition alice | carol, dave, server; wait 4 s; carol freezes; heal; wait 3 s; carol wakes; bob comes back; wait 1 s

> heal; wait 2 min
! now alice, bob, carol and dave know one another and nobody else
! now alice, bob, carol and dave are linked with one another
! now all see the same places

> wait 5 min
! never *: loses*
! never *: meets*
