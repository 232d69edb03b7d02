# OV38 in a larger mesh neighbours compare their views, and tell each other who is gone and who came
#
# dave has no link to erin and none to frank, and what he should be told of them is lost.

seed 5
show viewDigest, roster, gone
given alice, bob, carol and dave join; cut dave from erin; cut dave from frank; cut dave from server; erin starts; wait 40 s

> all hear of 16 others; wait 8 s
  carol -> alice: viewDigest
  erin -> alice: viewDigest
! *: viewDigest
! never *: roster*
! now dave knows erin

> lose 99 gone from alice to dave; lose 99 gone from bob to dave; lose 99 gone from carol to dave; erin leaves; wait 5 s
  alice -> bob: to all, from erin: gone: erin (left)
  alice -> dave: to all, from erin: gone: erin (left) (lost)
  alice -> dave: viewDigest
  alice -> dave: gone: erin (failed) (lost)
  alice -> dave: roster
  alice -> dave: roster, asks
  bob -> alice: to all, from erin: gone: erin (left)
  bob -> carol: to all, from erin: gone: erin (left)
  bob -> dave: to all, from erin: gone: erin (left) (lost)
  bob -> carol: viewDigest
  carol -> alice: to all, from erin: gone: erin (left)
  carol -> bob: to all, from erin: gone: erin (left)
  carol -> dave: to all, from erin: gone: erin (left) (lost)
  dave -> alice: roster, asks
  dave -> alice: viewDigest
  erin -> alice: to all: gone: erin (left)
  erin -> bob: to all: gone: erin (left)
  erin -> carol: to all: gone: erin (left)
! alice: loses erin (left)
! never dave: loses erin*

> lose nothing more; until dave: loses erin*
  alice -> carol: viewDigest
  bob -> carol: viewDigest
  bob -> dave: roster, asks
  bob -> dave: gone: erin (failed)
  carol -> alice: viewDigest
  carol -> bob: viewDigest
  dave -> bob: viewDigest
  dave -> bob: roster
! *: viewDigest before * -> dave: gone: erin (failed)
! within 15 s dave: loses erin (failed)

> lose 99 records from alice to dave; lose 99 records from bob to dave; lose 99 records from carol to dave; lose 99 record from alice to dave; lose 99 record from bob to dave; lose 99 record from carol to dave; frank starts; wait 5 s
  alice -> dave: viewDigest
  alice -> dave: roster
  bob -> frank: viewDigest
  bob -> dave: roster, asks
  dave -> alice: roster, asks
  dave -> bob: viewDigest
  dave -> bob: roster
! alice: meets frank
! never dave: meets frank

> lose nothing more; until dave: meets frank
  alice -> dave: viewDigest
  alice -> dave: roster
  carol -> frank: roster, asks
  dave -> alice: roster, asks
  frank -> carol: viewDigest
  frank -> carol: roster
! * -> dave: records of *frank*
