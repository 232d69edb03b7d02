# OV25 what others say of a peer is overruled by its own record

show record
given alice, bob and carol join; wait 40 s

> bob says to alice: record of carol of incarnation +3 at place 1; bob says to carol: record of carol of incarnation +3 at place 1; wait 3 s
  bob -> alice: record of carol, place 1, 1 links
  bob -> carol: record of carol, place 1, 1 links
  carol -> alice: to all: record of carol, place 3, 2 links
  carol -> bob: to all: record of carol, place 3, 2 links
! carol -> alice: *record of carol, place 3*
! now alice sees carol at place 3
! now alice leads alice, bob and carol
