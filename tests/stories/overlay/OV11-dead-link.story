# OV11 a peer that answers through others while our link to it is silent lives; the link is dead, closed and made anew

show loses, link, alive
given alice, bob and carol join; wait 40 s

> cut alice from bob; wait 12 s
  alice -> carol: to bob: alive
  alice: link to bob closed
  bob: link to alice closed
  bob -> carol: to alice: alive
  carol -> alice: to alice, from bob: alive
  carol -> bob: to bob, from alice: alive
! never *: loses*
! alice -> carol: *alive
! bob: link to alice closed
! now bob has no links to alice
! now bob knows alice

> mend alice and bob; until bob has one link to alice; wait 100 ms
  alice -> carol: to bob: alive
  alice: link to bob up (webrtc)
  bob -> carol: to alice: alive
  bob: link to alice up (webrtc)
  carol -> alice: to alice, from bob: alive
  carol -> bob: to bob, from alice: alive
! bob: link to alice up (webrtc)
