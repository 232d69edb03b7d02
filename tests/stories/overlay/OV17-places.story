# OV17 the first takes place 1 when every introducer has answered; a joiner takes the greatest it knows of + 1

show record, hello
given cut alice from server

> alice starts; wait 2.5 s
! now alice has no place

> wait 1 s
! now alice has place 1

> mend alice and server; wait 15 s; bob starts; wait 2 s
  alice -> bob: hello, lone, knows nobody
  bob -> alice: hello, knows nobody
  bob -> alice: to all: record of bob, place 2, 1 links
! bob -> alice: hello, knows nobody
! now bob has place 2

> bob leaves; carol starts; wait 2 s
  alice -> carol: hello, knows nobody
  carol -> alice: hello, knows nobody
  carol -> alice: to all: record of carol, place 2, 1 links
! now carol has place 2
