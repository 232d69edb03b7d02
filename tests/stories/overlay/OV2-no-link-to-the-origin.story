# OV2 a peer without a link to the origin gets a broadcast at once, from a neighbour

show cast, heard
given alice and bob join; cut alice from carol; carol starts; wait 20 s; all listen to news

> alice casts "hi" on news; wait 2 s
  alice -> bob: to all: cast news
  bob -> carol: to all, from alice: cast news
  bob: heard "hi" from alice
  carol: heard "hi" from alice
! now alice has no links to carol
! 1 times bob -> carol: to all, from alice: cast news
! within 100 ms carol: heard "hi" from alice
! 1 times carol: heard "hi" from alice
