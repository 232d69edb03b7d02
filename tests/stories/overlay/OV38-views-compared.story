# OV38 in a larger mesh neighbours compare their views, and tell each other who is gone and who came
#
# dave has no link to erin and none to frank, and what he should be told of them is lost.

show viewDigest, roster, gone
given alice, bob, carol and dave join; cut dave from erin; cut dave from frank; cut dave from server; erin starts; wait 40 s

> all hear of 16 others; wait 8 s
  carol -> alice: viewDigest
  erin -> carol: viewDigest
! *: viewDigest
! never *: roster*
! now dave knows erin

> lose 99 gone from alice to dave; lose 99 gone from bob to dave; lose 99 gone from carol to dave; erin leaves; wait 5 s
  alice -> bob: to all, from erin: gone: erin (left)
  alice -> dave: to all, from erin: gone: erin (left) (lost)
  alice -> carol: viewDigest
  bob -> alice: to all, from erin: gone: erin (left)
  bob -> carol: to all, from erin: gone: erin (left)
  bob -> dave: to all, from erin: gone: erin (left) (lost)
  bob -> dave: roster, asks
  bob -> dave: gone: erin (failed) (lost)
  bob -> carol: viewDigest
  carol -> bob: to all, from erin: gone: erin (left)
  carol -> dave: to all, from erin: gone: erin (left) (lost)
  dave -> bob: viewDigest
  dave -> bob: roster
  erin -> alice: to all: gone: erin (left)
  erin -> bob: to all: gone: erin (left)
  erin -> carol: to all: gone: erin (left)
! alice: loses erin (left)
! never dave: loses erin*

> lose nothing more; until dave: loses erin*
  alice -> dave: viewDigest
  alice -> dave: gone: erin (failed)
  alice -> dave: roster
  bob -> carol: viewDigest
  carol -> alice: viewDigest
  dave -> alice: roster, asks
! *: viewDigest before * -> dave: gone: erin (failed)
! within 15 s dave: loses erin (failed)

> lose 99 records from alice to dave; lose 99 records from bob to dave; lose 99 records from carol to dave; lose 99 record from alice to dave; lose 99 record from bob to dave; lose 99 record from carol to dave; frank starts; wait 5 s
  alice -> dave: viewDigest
  alice -> dave: roster
  carol -> dave: roster, asks
  dave -> carol: viewDigest
  dave -> alice: roster, asks
  dave -> carol: roster
! alice: meets frank
! never dave: meets frank

> lose nothing more; until dave: meets frank
  alice -> dave: roster, asks
  bob -> carol: viewDigest
  carol -> bob: viewDigest
  dave -> alice: viewDigest
  dave -> alice: roster
  frank -> carol: viewDigest
! * -> dave: records of *frank*
