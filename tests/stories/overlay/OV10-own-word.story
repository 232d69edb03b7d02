# OV10 a peer that hears that it is doubted answers with a higher incarnation, which nobody else can

show suspect, record, loses
given alice, bob and carol join; wait 40 s

> carol says to alice: suspect alice; wait 3 s
  alice -> bob: to all: record of alice, place 1, 2 links
  alice -> carol: to all: record of alice, place 1, 2 links
  alice -> bob: to all, from carol: suspect alice
  carol -> alice: to all: suspect alice
! carol -> alice: to all: suspect alice before alice -> bob: to all: record of alice*
! alice -> carol: to all: record of alice*
! never *: loses*

> carol says to bob: record of alice of incarnation +5 at place 9; carol says to alice: record of alice of incarnation +5 at place 9; wait 3 s
  alice -> bob: to all: record of alice, place 1, 2 links
  alice -> carol: to all: record of alice, place 1, 2 links
  carol -> alice: record of alice, place 9, 2 links
  carol -> bob: record of alice, place 9, 2 links
! alice -> bob: *record of alice, place 1*
! now bob sees alice at place 1
