# OV13 a peer whose own clock stood still for two seconds is provisional at once, asks anew who is there, and comes in last

show record, hello, server, loses, meets
given alice, bob and carol join; wait 44 s

> bob freezes; wait 5 s; bob wakes; wait 10 s
  bob -> alice: to all: record of bob, no place yet, 2 links
  bob -> alice: to all: record of bob, no place yet, unfit, 2 links
  bob -> carol: to all: record of bob, no place yet, 2 links
  bob -> carol: to all: record of bob, no place yet, unfit, 2 links
  bob: asks server who is there
  bob -> alice: to all: record of bob, place 4, unfit, 2 links
  bob -> carol: to all: record of bob, place 4, unfit, 2 links
! bob -> *: *record of bob, no place yet* before bob -> *: *record of bob, place 4*
! bob: asks server who is there
! now bob has place 4
! now alice has place 1
! now all see the same places
