# OV30 our own lateness counts as a stall only from the end of the time that we announced
#
# bob announces that he takes in a large value, about 840 ms, and stands still for 2.7 s: no stall. Without a word it is one;
# right after a beat, so that the others do not miss him before he wakes.

show busy, loses, record
given alice, bob and carol join; alice opens notes; alice adds 1 values of 4096 KiB to notes; wait 40 s

> bob opens notes; until bob -> alice: busy; bob freezes; wait 2.7 s; bob wakes; wait 5 s
  bob -> alice: busy
  bob -> carol: busy
  bob -> alice: to all: record of bob, place 2, unfit, 2 links
  bob -> carol: to all: record of bob, place 2, unfit, 2 links
! never *: loses*
! now bob has place 2

> until bob -> *: beat; bob freezes; wait 2.7 s; bob wakes; wait 10 s
  bob -> alice: to all: record of bob, no place yet, unfit, 2 links
  bob -> alice: to all: record of bob, place 4, unfit, 2 links
  bob -> carol: to all: record of bob, no place yet, unfit, 2 links
  bob -> carol: to all: record of bob, place 4, unfit, 2 links
! bob -> *: *record of bob, no place yet*
! now bob has place 4
