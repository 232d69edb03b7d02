# OV1 one broadcast in a full mesh of N peers costs N-1 frames

show cast, heard
given alice, bob, carol and dave join; all listen to news; wait 40 s

> alice casts "hi" on news; wait 10 s
  alice -> bob: to all: cast news
  alice -> carol: to all: cast news
  alice -> dave: to all: cast news
  bob: heard "hi" from alice
  carol: heard "hi" from alice
  dave: heard "hi" from alice
! 3 times *: to all*: cast news
! 1 times bob: heard "hi" from alice
! 1 times carol: heard "hi" from alice
! 1 times dave: heard "hi" from alice
