# OV6 a unicast goes over the link to its target, and else by way of a neighbour that has one

show cast, heard
given alice and bob join; cut alice from carol; carol starts; wait 20 s; all listen to news

> alice casts "to bob" on news to bob; wait 1 s
  alice -> bob: cast news
  bob: heard "to bob" from alice
! 1 times alice -> bob: cast news
! 1 times bob: heard "to bob" from alice
! never * -> carol: *cast*

> alice casts "to carol" on news to carol; wait 1 s
  alice -> bob: to carol: cast news
  bob -> carol: to carol, from alice: cast news
  carol: heard "to carol" from alice
! 1 times alice -> bob: to carol: cast news
! 1 times bob -> carol: to carol, from alice: cast news
! 1 times carol: heard "to carol" from alice
! never bob: heard*
