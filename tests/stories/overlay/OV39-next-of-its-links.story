# OV39 each is watched by the next of its own links in the ring of ids
#
# The ring is alice, erin, dave, carol, bob, and dave has no link to carol.

seed 23
show beat, suspect
given alice, bob, carol, dave and erin join; cut dave from carol; wait 60 s

> wait 20 s
  alice -> bob: beat
  alice -> carol: beat
  alice -> erin: beat
  bob -> alice: beat
  carol -> bob: beat
  dave -> bob: beat
  erin -> dave: beat
! dave -> bob: beat

> dave freezes; wait 9 s
  alice -> bob: beat
  alice -> carol: beat
  alice -> erin: beat
  bob -> alice: beat
  bob -> alice: to all: suspect dave, silent
  bob -> carol: to all: suspect dave, silent
  bob -> dave: to all: suspect dave, silent
  bob -> erin: to all: suspect dave, silent
  erin -> carol: beat
  erin -> dave: beat
! bob -> *: to all: suspect dave, silent
! never alice -> *: to all: suspect*
! within 8 s alice: loses dave (failed)
! within 8 s carol: loses dave (failed)
