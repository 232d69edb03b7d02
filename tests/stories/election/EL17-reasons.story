# EL17 a change of leader says why

show leader
given alice, bob and carol join; wait 40 s

> alice is given priority 3; alice leaves; until bob leads bob and carol
  alice: leader alice -> nobody, epoch 1 (left)
  bob: leader alice -> bob, epoch 2 (left)
  carol: leader alice -> bob, epoch 2 (left)
! bob: leader alice -> bob, epoch 2 (left)
> bob is killed; until carol leads carol
  carol: leader bob -> carol, epoch 3 (failed)
! carol: leader bob -> carol, epoch 3 (failed)
> dave joins with priority 5
  carol: leader carol -> dave, epoch 4 (outranked)
  dave: leader nobody -> dave, epoch 4 (elected)
! carol: leader carol -> dave, epoch 4 (outranked)
! dave: leader nobody -> dave, epoch 4 (elected)
> dave is hidden; wait 5.1 min
! never *: leader*
> dave freezes; until carol leads carol
  carol: leader dave -> carol, epoch 5 (failed)
! carol: leader dave -> carol, epoch 5 (failed)
> dave wakes; wait 10 s
  carol: leader carol -> dave, epoch 6 (outranked)
  dave: leader carol -> dave, epoch 6 (outranked)
  dave: leader dave -> nobody, epoch 4 (stalled)
  dave: leader nobody -> carol, epoch 5 (elected)
! dave: leader dave -> nobody, epoch 4 (stalled)
> partition carol | dave, server; until carol leads carol; wait 3 s; heal; until dave leads carol and dave; wait 3 s
  carol: leader carol -> dave, epoch 8 (outranked)
  carol: leader dave -> carol, epoch 7 (failed)
  dave: leader dave -> dave, epoch 8 (merged)
! dave: leader dave -> dave, epoch * (merged)
