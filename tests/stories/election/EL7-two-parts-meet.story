# EL7 two parts of the mesh meet, and end with one leader in an epoch above both
#
# A link that was cut is a partition: each side elects. Healed, the leader that both now elect raises its epoch above the
# other side's, and the other stops before it follows.

show leader, duty, yielded
given alice, bob and carol join; all take the duty; wait 1 s

> partition alice | bob, carol, server; until bob leads bob and carol; wait 3 s
  bob: leader alice -> bob, epoch 2 (failed)
  bob: duty starts, epoch 2
  carol: leader alice -> bob, epoch 2 (failed)
! now alice leads alice
! now bob leads bob and carol

> heal; until alice leads alice, bob and carol; wait 3 s
  alice: duty stops
  alice: leader alice -> alice, epoch 3 (merged)
  alice: duty starts, epoch 3
  bob: duty stops
  bob: leader bob -> alice, epoch 3 (merged)
  bob -> alice: yielded epoch 3
  carol: leader bob -> alice, epoch 3 (merged)
! alice: stores epoch 3 before alice -> *: to all: claim of alice, epoch 3
! now alice, bob and carol are in epoch 3
! bob: duty stops before alice: duty starts*
