# OV3 a broadcast that was lost on one link is offered by neighbours, pulled, and comes once
#
# The frame to carol is lost. Nobody sends it again: its id is offered, a second later, and she asks for it.

show cast, heard, pull
given alice, bob and carol join; all listen to news; wait 40 s; lose the next cast from alice to carol

> alice casts "hi" on news; wait 900 ms
  alice -> bob: to all: cast news
  alice -> carol: to all: cast news (lost)
  bob: heard "hi" from alice
! alice -> carol: to all: cast news (lost)
! never carol: heard*

> wait 5 s
  bob -> carol: to all, from alice: cast news
  carol -> bob: pull for alice's
  carol: heard "hi" from alice
! 1 times carol -> *: pull for alice's
! 1 times carol: heard "hi" from alice
! carol -> *: pull for alice's before carol: heard*
