# OV9 a peer's own goodbye is believed at once; another's verdict is only evidence

show gone, loses, probe
given alice, bob and carol join; wait 40 s

> carol says to bob: gone: alice (failed); wait 5 s; carol says to bob: gone: alice (left); wait 5 s
  bob -> alice: to all, from carol: gone: alice (failed)
  bob -> alice: to all, from carol: gone: alice (left)
  carol -> bob: to all: gone: alice (failed)
  carol -> bob: to all: gone: alice (left)
! bob -> alice: ping
! alice -> bob: pong
! never bob: loses alice*
! now bob knows alice

> alice leaves; wait 50 ms
  alice -> bob: to all: gone: alice (left)
  alice -> carol: to all: gone: alice (left)
  alice: loses bob (left)
  alice: loses carol (left)
  bob -> alice: to alice, from carol: probe
  bob -> carol: to alice: probe
  bob: loses alice (left)
  carol -> alice: to alice, from bob: probe
  carol -> bob: to alice: probe
  carol: loses alice (left)
! within 50 ms bob: loses alice (left)
! within 50 ms carol: loses alice (left)
