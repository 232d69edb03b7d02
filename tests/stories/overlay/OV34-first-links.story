# OV34 the first links are made at once, the rest at leisure, one after the other
#
# erin comes to a mesh of five: one link serves her, and soon she has one to each.

show dials, link
given alice, bob, carol, dave and frank join; wait 40 s

> erin starts; wait 500 ms
  erin: dials frank
  erin: link to frank up (webrtc)
  frank: link to erin up (webrtc)
! at most 1 times erin: link to * up*
! now erin knows alice

> wait 15 s
  alice: dials erin
  alice: link to erin up (webrtc)
  bob: dials erin
  bob: link to erin up (webrtc)
  carol: link to erin up (webrtc)
  dave: link to erin up (webrtc)
  erin: link to alice up (webrtc)
  erin: link to bob up (webrtc)
  erin: dials dave
  erin: link to dave up (webrtc)
  erin: dials carol
  erin: link to carol up (webrtc)
! now erin, alice, bob, carol, dave and frank are linked with one another
