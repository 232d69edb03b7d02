# OV29 a peer that said that it will be busy counts as heard until then; one that dies is gone that much later at most
#
# alice leads, says that she may not listen for 4 s, and stands still. Without a word she would be gone after 2 s.

show busy, loses, suspect
given alice, bob and carol join; wait 40 s

> alice says to bob: busy for 4000 ms; alice says to carol: busy for 4000 ms; alice freezes; wait 4 s
  alice -> bob: busy
  alice -> carol: busy
! never *: loses*

> until bob: loses alice*
  bob -> alice: to all: suspect alice, silent
  bob -> carol: to all: suspect alice, silent
  bob: loses alice (failed)
! within 2.5 s bob: loses alice (failed)
