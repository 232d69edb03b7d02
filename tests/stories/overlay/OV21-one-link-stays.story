# OV21 of several links to one peer one stays, and only the lower id closes the other

show dials, link
given alice and bob join; wait 40 s

> bob dials alice once more; wait 5 s
  alice: link to bob down
  alice: link to bob up (webrtc)
  bob: dials alice
  bob: link to alice closed
  bob: link to alice up (webrtc)
! bob: link to alice up (webrtc)
! alice: link to bob up (webrtc)
! 1 times *: link to * closed
! now alice has one link to bob
! now bob has one link to alice
! never *: loses*
