# EL9 who steps down stops its duty first, then yields, then tells its program; who withdraws stops at once

show duty, yielded, leader
given alice joins; all take the duty; wait 1 s

> bob joins with priority 5; bob takes the duty; wait 1 s
  alice: duty stops
  alice: leader alice -> bob, epoch 2 (outranked)
  alice -> bob: yielded epoch 2
  bob: leader nobody -> bob, epoch 2 (elected)
  bob: duty starts, epoch 2
! alice: duty stops before alice -> bob: yielded epoch 2
! alice: duty stops before alice: leader alice -> bob, epoch 2 (outranked)
! alice -> bob: yielded epoch 2 before bob: duty starts, epoch 2

> alice stands for index; bob stands for index; wait 3 s
  alice: duty of index starts, epoch 1
  alice: duty of index starts, epoch 2
  alice: duty of index stops
  bob: duty of index starts, epoch 1
  bob: duty of index stops
  bob -> alice: yielded epoch 2 as index
! alice: duty of index starts, epoch 1

> alice stops standing for index; wait 3 s
  alice: duty of index stops
  alice -> bob: yielded epoch 3 as index
  bob: duty of index starts, epoch 3
! alice: duty of index stops before alice -> bob: yielded epoch * as index
! alice: duty of index stops before bob: duty of index starts*
