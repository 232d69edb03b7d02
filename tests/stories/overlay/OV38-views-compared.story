# OV38 in a larger mesh neighbours compare their views, and tell each other who is gone and who came
#
# dave has no link to erin and none to frank, and what he should be told of them is lost.

seed 4
show viewDigest, roster, gone
given alice, bob, carol and dave join; cut dave from erin; cut dave from frank; cut dave from server; erin starts; wait 40 s

> all hear of 16 others; wait 8 s
  carol -> alice: viewDigest
  erin -> alice: viewDigest
! *: viewDigest
! never *: roster*
! now dave knows erin

> lose 99 gone from alice to dave; lose 99 gone from bob to dave; lose 99 gone from carol to dave; erin leaves; wait 5 s
  alice -> carol: to all, from erin: gone: erin (left)
  alice -> dave: to all, from erin: gone: erin (left) (lost)
  alice -> bob: viewDigest
  bob -> carol: to all, from erin: gone: erin (left)
  bob -> dave: to all, from erin: gone: erin (left) (lost)
  bob -> alice: viewDigest
  carol -> alice: to all, from erin: gone: erin (left)
  carol -> bob: to all, from erin: gone: erin (left)
  carol -> dave: roster, asks
  carol -> dave: gone: erin (failed) (lost)
  carol -> dave: to all, from erin: gone: erin (left) (lost)
  carol -> dave: viewDigest
  carol -> dave: roster
  dave -> carol: viewDigest
  dave -> carol: roster
  dave -> carol: roster, asks
  erin -> alice: to all: gone: erin (left)
  erin -> bob: to all: gone: erin (left)
  erin -> carol: to all: gone: erin (left)
! alice: loses erin (left)
! never dave: loses erin*

> lose nothing more; until dave: loses erin*
  alice -> carol: viewDigest
  bob -> alice: viewDigest
  bob -> dave: roster, asks
  bob -> dave: gone: erin (failed)
  carol -> alice: viewDigest
  dave -> bob: viewDigest
  dave -> bob: roster
! *: viewDigest before * -> dave: gone: erin (failed)
! within 15 s dave: loses erin (failed)

> lose 99 records from alice to dave; lose 99 records from bob to dave; lose 99 records from carol to dave; lose 99 record from alice to dave; lose 99 record from bob to dave; lose 99 record from carol to dave; frank starts; wait 5 s
  alice -> carol: viewDigest
  carol -> bob: viewDigest
  frank -> carol: viewDigest
! alice: meets frank
! never dave: meets frank

> lose nothing more; until dave: meets frank
  bob -> frank: viewDigest
  carol -> dave: roster, asks
  dave -> carol: viewDigest
  dave -> carol: roster
! * -> dave: records of *frank*
