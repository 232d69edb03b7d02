# EL11 when a leader is gone, one change is told: from the old one to the new. Nobody leads only where nobody can

show leader, loses
given alice and bob join; carol joins as no candidate; wait 40 s

> alice is killed; until bob leads bob and carol; wait 5 s
  bob: loses alice (failed)
  bob: leader alice -> bob, epoch 2 (failed)
  carol: loses alice (failed)
  carol: leader alice -> bob, epoch 2 (failed)
! 1 times bob: leader*
! 1 times carol: leader*
! carol: leader alice -> bob, epoch 2 (failed)

> bob is killed; wait 10 s
  carol: loses bob (failed)
  carol: leader bob -> nobody, epoch 2 (failed)
! 1 times carol: leader*
! carol: leader bob -> nobody, epoch 2 (failed)
! now nobody leads carol
