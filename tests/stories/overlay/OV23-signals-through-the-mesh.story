# OV23 signals go through the mesh where a neighbour has a link to the target: new links need no server

show signal, server, dials, link
given alice, bob and carol join; wait 40 s; the server stops; wait 10 s

> the link between alice and carol breaks; until alice has one link to carol
  alice: link to carol down
  alice: dials carol
  alice -> bob: to carol: signal
  alice: link to carol up (webrtc)
  bob -> alice: to alice, from carol: signal
  bob -> carol: to carol, from alice: signal
  carol: link to alice down
  carol -> bob: to alice: signal
  carol: link to alice up (webrtc)
! alice: link to carol down
! * -> bob: to *: signal*
! bob -> *: to *: signal*
! alice: link to carol up (webrtc)
! never *: by server: signal*
