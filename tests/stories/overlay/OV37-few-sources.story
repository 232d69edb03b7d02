# OV37 in a larger mesh each takes broadcasts whole from two neighbours, their ids from two more, and asks the rest to spare it
#
# Six peers play; of sixteen others they only hear, so that each counts as one of more peers than it keeps links. Who is not
# asked for anything else gives everything. A link is spared where neither end wants it.

seed 3
show share, cast, heard, pull
given alice, bob, carol, dave, erin and frank join; all listen to news; wait 20 s

> all hear of 16 others; wait 2 s
  alice -> bob: share ids
  alice -> carol: share ids
  alice -> erin: share nothing
  bob -> carol: share ids
  bob -> dave: share ids
  bob -> erin: share nothing
  carol -> alice: share nothing
  carol -> dave: share ids
  carol -> frank: share ids
  dave -> alice: share ids
  dave -> carol: share nothing
  dave -> frank: share ids
  erin -> alice: share nothing
  erin -> bob: share ids
  erin -> dave: share ids
  frank -> alice: share nothing
  frank -> carol: share ids
  frank -> dave: share ids
! 2 times alice -> *: share ids
! 2 times frank -> *: share ids
! 1 times alice -> *: share nothing
! 1 times frank -> *: share nothing

> alice casts "hi" on news; wait 500 ms
  alice -> bob: to all: cast news
  alice -> dave: to all: cast news
  alice -> frank: to all: cast news
  bob -> carol: to all, from alice: cast news
  bob -> frank: to all, from alice: cast news
  bob: heard "hi" from alice
  carol -> erin: to all, from alice: cast news
  carol: heard "hi" from alice
  dave -> bob: to all, from alice: cast news
  dave -> erin: to all, from alice: cast news
  dave: heard "hi" from alice
  erin -> carol: to all, from alice: cast news
  erin -> dave: to all, from alice: cast news
  erin: heard "hi" from alice
  frank -> bob: to all, from alice: cast news
  frank -> erin: to all, from alice: cast news
  frank: heard "hi" from alice
! 1 times bob: heard "hi" from alice
! 1 times carol: heard "hi" from alice
! 1 times dave: heard "hi" from alice
! 1 times erin: heard "hi" from alice
! 1 times frank: heard "hi" from alice
! at most 19 times * -> *: to all*: cast news

> wait 4 s; frank is killed; wait 3 s
  alice -> bob: share whole
  alice -> erin: share ids
  bob -> carol: share whole
  bob -> erin: share ids
  carol -> alice: share ids
  dave -> carol: share ids
  erin -> alice: share ids
  erin -> dave: share whole
! * -> *: share whole

> lose the next cast from bob to alice; lose the next cast from carol to alice; lose the next cast from dave to alice; erin casts "lost" on news; wait 900 ms
  bob -> alice: to all, from erin: cast news (lost)
  bob -> dave: to all, from erin: cast news
  bob: heard "lost" from erin
  carol -> bob: to all, from erin: cast news
  carol: heard "lost" from erin
  dave -> alice: to all, from erin: cast news (lost)
  dave -> bob: to all, from erin: cast news
  dave: heard "lost" from erin
  erin -> carol: to all: cast news
  erin -> dave: to all: cast news
! 1 times bob: heard "lost" from erin
! 1 times carol: heard "lost" from erin
! 1 times dave: heard "lost" from erin
! never alice: heard*

> wait 5 s
  alice -> erin: pull for erin's
  alice -> bob: to all, from erin: cast news
  alice -> dave: to all, from erin: cast news
  alice: heard "lost" from erin
  erin -> alice: to all: cast news
! alice -> *: pull for erin's before alice: heard "lost" from erin
! 1 times alice: heard "lost" from erin
