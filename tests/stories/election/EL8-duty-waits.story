# EL8 a duty starts once for each epoch, when the leader before has yielded, is gone, or had two seconds

show duty, claim, yielded, leader
given alice and bob join; all take the duty; wait 1 s

> carol joins with priority 5; carol takes the duty; wait 3 s
  alice -> bob: to all, from carol: claim of carol, epoch 2
  alice: duty stops
  alice: leader alice -> carol, epoch 2 (outranked)
  alice -> carol: yielded epoch 2
  alice -> carol: claim of alice, epoch 1
  bob: leader alice -> carol, epoch 2 (outranked)
  carol: leader nobody -> carol, epoch 2 (elected)
  carol -> alice: claim of carol, epoch 2
  carol -> alice: to all: claim of carol, epoch 2
  carol: duty starts, epoch 2
! alice: duty stops before alice -> carol: *yielded*
! alice -> carol: *yielded* before carol: duty starts, epoch 2
! within 3 s carol: duty starts, epoch 2

> lose 9 yielded from carol to alice; alice is given priority 9; until alice: duty starts*
  alice: leader carol -> alice, epoch 3 (outranked)
  alice -> bob: to all: claim of alice, epoch 3
  alice -> carol: to all: claim of alice, epoch 3
  alice: duty starts, epoch 3
  bob: leader carol -> alice, epoch 3 (outranked)
  carol: duty stops
  carol: leader carol -> alice, epoch 3 (outranked)
  carol -> alice: yielded epoch 3 (lost)
! alice: leader carol -> alice, epoch 3 (outranked) before carol: duty stops
! not before 2 s alice: duty starts, epoch 3
! within 3 s alice: duty starts, epoch 3
! ever 1 times alice: duty starts, epoch 3
