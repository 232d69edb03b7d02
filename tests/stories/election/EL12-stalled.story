# EL12 whose own clock stood still stops its duty at once, leads nothing, and comes back in the last place

show duty, leader, claim
given alice, bob and carol join; all take the duty; wait 1 s

> alice freezes; until bob leads bob and carol; wait 3 s
  bob: leader alice -> bob, epoch 2 (failed)
  bob -> carol: to all: claim of bob, epoch 2
  bob: duty starts, epoch 2
  carol: leader alice -> bob, epoch 2 (failed)
! now bob leads bob and carol

> alice wakes; wait 10 s
  alice: duty stops
  alice: leader alice -> nobody, epoch 1 (stalled)
  alice: leader nobody -> bob, epoch 2 (elected)
  bob -> alice: claim of bob, epoch 2
! alice: duty stops before alice: leader alice -> nobody, epoch 1 (stalled)
! alice: leader alice -> nobody, epoch 1 (stalled) before alice: leader nobody -> bob, epoch 2*
! never alice -> *claim of alice*
! now bob leads alice, bob and carol
! now alice has place 4
