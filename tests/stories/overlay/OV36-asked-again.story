# OV36 what a server kept from two parts of a mesh is asked for again, by one of each part a minute

show server, meets
given the server hides everybody; alice starts; wait 5 s; bob starts; wait 5 s

> the server tells the truth; wait 90 s
  alice -> bob: by server: knock
  alice -> bob: by server: signal
  alice: asks server who is there
  alice: meets bob
  bob -> alice: by server: signal
  bob: meets alice
! alice: asks server who is there
! at most 1 times alice: asks server who is there
! at most 1 times bob: asks server who is there
! alice: meets bob
! bob: meets alice

> wait 240 s
  alice: asks server who is there
  bob: asks server who is there
! at most 2 times alice: asks server who is there
! at most 2 times bob: asks server who is there
