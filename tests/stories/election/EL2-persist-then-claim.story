# EL2 the elected peer stores its epoch, then says so, and only then is followed

show leader, claim, epoch
given alice, bob and carol join; wait 40 s

> alice is killed; until bob leads bob and carol; wait 1 s
  bob: stores epoch 2
  bob: leader alice -> bob, epoch 2 (failed)
  bob -> carol: to all: claim of bob, epoch 2
  carol: leader alice -> bob, epoch 2 (failed)
  carol: stores epoch 2
! bob: loses alice* before bob: stores epoch 2
! bob: stores epoch 2 before bob -> carol: to all: claim of bob, epoch 2
! bob -> carol: to all: claim of bob, epoch 2 before carol: leader alice -> bob, epoch 2 (failed)
! 1 times bob: stores epoch 2

> dave joins with priority 3
  bob: leader bob -> dave, epoch 3 (outranked)
  bob -> carol: to dave: claim of bob, epoch 2
  bob: stores epoch 3
  carol -> bob: to all, from dave: claim of dave, epoch 3
  carol: leader bob -> dave, epoch 3 (outranked)
  carol: stores epoch 3
  carol -> bob: to bob, from dave: claim of dave, epoch 3
  carol -> dave: to dave, from bob: claim of bob, epoch 2
  dave: stores epoch 3
  dave: leader nobody -> dave, epoch 3 (elected)
  dave -> carol: to all: claim of dave, epoch 3
  dave -> carol: to bob: claim of dave, epoch 3
! dave: stores epoch 3 before dave -> *: to all: claim of dave, epoch 3
