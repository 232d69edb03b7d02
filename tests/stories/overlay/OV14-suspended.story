# OV14 who is put aside says goodbye and forgets everybody: whoever it meets afterwards is new to it

show gone, loses, meets
given alice and bob join; wait 40 s

> bob is put aside; wait 1 s
  alice: loses bob (left)
  bob -> alice: to all: gone: bob (left)
  bob: loses alice (left)
! within 50 ms alice: loses bob (left)

> wait 1 min; bob is taken up again; wait 10 s
  alice: meets bob
  bob: meets alice
! bob: meets alice
! alice: meets bob
! now bob has place 2
