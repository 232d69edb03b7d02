# OV18 a lone peer that meets an established mesh takes the last place there, and its own claims count for nothing

show leader, hello, record
given alice and bob join; cut carol from alice, bob and server; carol starts; until carol leads carol; wait 10 s

> heal; until alice leads alice, bob and carol; wait 3 s
  alice -> carol: hello, knows bob and carol
  alice: leader alice -> alice, epoch 2 (merged)
  bob -> carol: hello, knows alice
  bob -> alice: to all, from carol: record of carol, place 3, 1 links
  bob: leader alice -> alice, epoch 2 (merged)
  carol -> bob: hello, lone, knows nobody
  carol -> bob: to all: record of carol, place 3, 1 links
  carol -> alice: hello, knows alice and bob
  carol: leader carol -> alice, epoch 2 (merged)
! carol -> *: hello, lone, knows nobody
! never alice: leader * -> carol*
! never bob: leader * -> carol*
! now carol has place 3
