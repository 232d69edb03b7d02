# EL10 a leader that lost its rank leads until it has heard the next claim, and reminds the elected peer of it
#
# bob's claim does not reach alice. She goes on, asks, and is told.

show duty, claim, leader
given alice and bob join; all take the duty; wait 1 s; lose the next claim from bob to alice

> bob is given priority 5; wait 800 ms
  bob: leader alice -> bob, epoch 2 (outranked)
  bob -> alice: to all: claim of bob, epoch 2 (lost)
! bob: leader alice -> bob, epoch 2 (outranked)
! never alice: duty stops
! now alice leads alice

> until bob leads alice and bob; wait 3 s
  alice -> bob: claim of alice, epoch 1
  alice: duty stops
  alice: leader alice -> bob, epoch 2 (outranked)
  bob -> alice: claim of bob, epoch 2
  bob: duty starts, epoch 2
! alice -> bob: claim of alice, epoch 1 before bob -> alice: claim of bob, epoch 2
! alice: duty stops before bob: duty starts, epoch 2
! never *: leader * -> nobody*
