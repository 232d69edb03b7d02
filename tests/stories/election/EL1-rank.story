# EL1 the leader is the first by priority, then fitness, then seniority
#
# Nobody votes: everybody works it out from the same view.

show leader
given alice, bob and carol join

> wait 1 s
! now alice leads alice, bob and carol

> dave joins with priority 5
  alice: leader alice -> dave, epoch 2 (outranked)
  bob: leader alice -> dave, epoch 2 (outranked)
  carol: leader alice -> dave, epoch 2 (outranked)
  dave: leader nobody -> dave, epoch 2 (elected)
! now dave leads alice, bob, carol and dave

> bob is given priority 9; until bob leads alice, bob, carol and dave
  alice: leader dave -> bob, epoch 3 (outranked)
  bob: leader dave -> bob, epoch 3 (outranked)
  carol: leader dave -> bob, epoch 3 (outranked)
  dave: leader dave -> bob, epoch 3 (outranked)
! now bob leads alice, bob, carol and dave

> bob is given priority 0; until dave leads all
  alice: leader bob -> dave, epoch 4 (outranked)
  bob: leader bob -> dave, epoch 4 (outranked)
  carol: leader bob -> dave, epoch 4 (outranked)
  dave: leader bob -> dave, epoch 4 (outranked)
! now dave leads alice, bob, carol and dave

> dave leaves; wait 1 s
  alice: leader dave -> alice, epoch 5 (left)
  bob: leader dave -> alice, epoch 5 (left)
  carol: leader dave -> alice, epoch 5 (left)
  dave: leader dave -> nobody, epoch 4 (left)
! now alice leads alice, bob and carol
