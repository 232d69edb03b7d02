# OV31 a leader beats for its first successor twice a second, for the second once, and everybody slowly for the next in a ring
#
# Nobody answers a beat. Six frames a second would be many for four idle peers: it is about four.

show beat
given alice, bob, carol and dave join; wait 2 min

> wait 20 s
  alice -> bob: beat
  alice -> carol: beat
  alice -> dave: beat
  bob -> alice: beat
  carol -> bob: beat
  dave -> carol: beat
! at most 41 times alice -> bob: beat
! at most 21 times alice -> carol: beat
! at most 80 times *: beat
! never *: loses*
! at most 8 times *: ping*
