# OV7 evidence that a peer is gone starts a probe on every path; only no answer in time makes it gone
#
# The server says that dave's socket closed: first because it lost sight of him, then because he is dead.

show suspect, loses
given alice, bob, carol and dave join; wait 40 s

> cut dave from server; wait 40 s
  alice -> bob: to all: suspect dave
  alice -> carol: to all: suspect dave
  alice -> dave: to all: suspect dave
  carol -> alice: to all: suspect dave
  carol -> bob: to all: suspect dave
  carol -> dave: to all: suspect dave
! alice -> dave: ping
! dave -> alice: pong
! alice -> *: to dave: probe
! never *: loses dave*

> mend dave and server; wait 15 s; dave is killed; until alice: loses dave*
  alice -> bob: to all: suspect dave
  alice -> carol: to all: suspect dave
  alice -> dave: to all: suspect dave
  alice: loses dave (failed)
  carol -> alice: to all: suspect dave
  carol -> bob: to all: suspect dave
  carol -> dave: to all: suspect dave
! alice -> bob: to dave: probe
! alice: loses dave (failed)
! now bob knows alice
