# OV4 what is broadcast while a new link is not greeted yet is offered on it as soon as it is

show hello, cast, heard, pull
given alice joins

> bob starts; bob listens to news; until alice -> bob: hello*; alice casts "hi" on news; wait 5 s
  alice -> bob: hello, lone, knows nobody
  alice -> bob: to all: cast news
  bob -> alice: hello, knows nobody
  bob -> alice: pull for alice's
  bob: heard "hi" from alice
! alice -> bob: hello* before bob: heard "hi" from alice
! bob -> alice: pull for alice's
! 1 times bob: heard "hi" from alice
