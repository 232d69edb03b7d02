# EL18 a leader that raises its epoch lets the other see what it holds of it: one forged record makes no duel

show record, leader
given alice, bob and carol join; wait 40 s

> carol says to bob: record of alice of incarnation +5 at place 9; wait 60 s
  alice -> bob: to all: record of alice, place 1, 2 links
  alice -> carol: to all: record of alice, place 1, 2 links
  alice: leader alice -> alice, epoch 3 (merged)
  bob: leader alice -> bob, epoch 2 (stalled)
  bob: leader bob -> alice, epoch 3 (outranked)
  carol -> bob: record of alice, place 9, 1 links
  carol: leader alice -> alice, epoch 3 (merged)
! bob -> alice: records of alice
! now alice leads alice, bob and carol
! at most 4 times *: leader *
