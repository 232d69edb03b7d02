# OV8 silence is noticed by whoever watches, told to all, and probed: a leader is gone after 1.5 to 2 s, any other after 8 s

show suspect, loses
given alice, bob, carol and dave join; wait 40 s

> alice freezes; until carol: loses alice*; wait 100 ms
  bob -> alice: to all: suspect alice, silent
  bob -> carol: to all: suspect alice, silent
  bob -> dave: to all: suspect alice, silent
  bob: loses alice (failed)
  carol: loses alice (failed)
  dave: loses alice (failed)
! not before 950 ms * -> *: to all: suspect alice, silent
! not before 1.3 s bob: loses alice (failed)
! within 2.1 s bob: loses alice (failed)
! within 2.2 s dave: loses alice (failed)

> dave freezes; until carol: loses dave*; wait 100 ms
  bob: loses dave (failed)
  carol -> bob: to all: suspect dave, silent
  carol -> dave: to all: suspect dave, silent
  carol: loses dave (failed)
! not before 2 s carol: loses dave (failed)
! within 8 s carol: loses dave (failed)
! within 8.1 s bob: loses dave (failed)
