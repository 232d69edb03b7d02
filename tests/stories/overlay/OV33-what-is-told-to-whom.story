# OV33 which links came up is told to neighbours alone, together; what others act on is broadcast
#
# dave comes. He broadcasts what he is; that the others have a link more they tell their neighbours, once.

show record
given alice, bob and carol join; wait 40 s

> dave joins; wait 10 s
  carol -> alice: to all, from dave: record of dave, place 4, 1 links
  carol -> bob: to all, from dave: record of dave, place 4, 1 links
  dave -> carol: to all: record of dave, place 4, 1 links
! dave -> *: to all: record of dave, place 4*
! never *: to all: record of alice*
! never *: to all: record of bob*
! never *: to all: record of carol*
! alice -> bob: records of *alice*
