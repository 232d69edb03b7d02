# OV24 a malformed frame is counted and changes nothing; the third closes the link. A hello of another mesh closes it at once

show says, link, loses
given alice, bob and carol join; wait 40 s

> bob says garbage to alice; bob says to alice: a frame with an unknown header; wait 100 ms
  bob -> alice: says a frame with an unknown header
  bob -> alice: says garbage
! never alice: link to bob*
! now malformedFrames of alice counts 2

> bob says to alice: a frame with no beginning; wait 100 ms
  alice: link to bob closed
  alice: link to bob up (webrtc)
  bob -> alice: says a frame with no beginning
  bob: link to alice down
  bob: link to alice up (webrtc)
! alice: link to bob closed
! never carol: link*

> until alice has one link to bob; wait 3 s
! now alice leads alice, bob and carol

> lose the next hello from bob to carol; bob dials carol once more; until bob: link to carol up*; bob says to carol: hello of another mesh; wait 100 ms
  bob: link to carol closed
  bob: link to carol down
  bob: link to carol up (webrtc)
  carol: link to bob closed
  carol: link to bob down
  carol: link to bob up (webrtc)
! carol: link to bob closed
