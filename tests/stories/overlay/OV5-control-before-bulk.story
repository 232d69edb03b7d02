# OV5 control goes before bulk, between any two frames; a full lane refuses, and what it refused is offered
#
# Three large casts wait for the link. A change of alice's record is said before the last of them.

show cast, record
given alice and bob join; bob listens to c; wait 40 s

> alice casts 200 KiB on a; alice casts 200 KiB on b; alice casts 200 KiB on c; alice is given priority 3; wait 3 s
  alice -> bob: to all: cast a
  alice -> bob: to all: cast b
  alice -> bob: to all: record of alice, place 1, priority 3, 1 links
  alice -> bob: to all: cast c
! alice -> bob: to all: record of alice* before alice -> bob: to all: cast c
! 1 times alice -> bob: to all: cast c

> alice casts 36 times 240 KiB on a; wait 100 ms
  alice -> bob: to all: cast a
! now refusedByFullLane of alice is above 0
