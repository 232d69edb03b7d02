# OV35 a peer's own word ends what others made up of it
#
# carol tells bob alone that alice has a later place: bob thinks that he should lead. Then she tells the same with a
# number that nobody may answer above. Then she says goodbye to bob in alice's name.

show record, leader, loses
given alice, bob and carol join; wait 40 s

> carol says to bob: record of alice of incarnation +5 at place 9; wait 20 s
  alice -> bob: to all: record of alice, place 1, 2 links
  alice -> carol: to all: record of alice, place 1, 2 links
  alice: leader alice -> alice, epoch 3 (merged)
  bob: leader alice -> bob, epoch 2 (stalled)
  bob: leader bob -> alice, epoch 3 (outranked)
  carol -> bob: record of alice, place 9, 1 links
  carol: leader alice -> alice, epoch 3 (merged)
! bob -> alice: records of alice
! alice -> bob: *record of alice, place 1*
! now bob sees alice at place 1
! now alice leads alice, bob and carol
! at most 4 times *: leader *

> carol says to bob: record of alice of incarnation +1000000 at place 9; wait 20 s
  carol -> bob: record of alice, place 9, 2 links
! now bob sees alice at place 1
! now alice leads alice, bob and carol
! at most 4 times *: leader *

> carol says to bob: goodbye of alice; wait 10 s
! now bob sees alice at place 1
! never bob: loses*
