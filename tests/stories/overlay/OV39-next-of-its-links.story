# OV39 in a larger mesh each is watched by the next of its own links in the ring of ids
#
# The ring is alice, erin, dave, carol, bob; between them stand others of whom they only hear. dave has no link to carol.

seed 23
show beat, suspect
given alice, bob, carol, dave and erin join; cut dave from carol; wait 60 s

> wait 20 s
  alice -> bob: beat
  alice -> carol: beat
  alice -> erin: beat
  bob -> alice: beat
  carol -> bob: beat
  erin -> dave: beat
! never dave -> *: beat

> all hear of 16 others; wait 30 s
  alice -> bob: beat
  alice -> carol: beat
  dave -> bob: beat
! dave -> bob: beat

> dave freezes; wait 9 s
  alice -> bob: beat
  alice -> carol: beat
  alice -> carol: to all, from bob: suspect dave, silent
  alice -> dave: to all, from bob: suspect dave, silent
  alice -> erin: to all, from bob: suspect dave, silent
  bob -> alice: to all: suspect dave, silent
  bob -> dave: to all: suspect dave, silent
  bob -> erin: to all: suspect dave, silent
  carol -> erin: to all, from bob: suspect dave, silent
  erin -> alice: to all, from bob: suspect dave, silent
! bob -> *: to all: suspect dave, silent
! never alice -> *: to all: suspect*
! within 8 s alice: loses dave (failed)
! within 8 s carol: loses dave (failed)
