# OV20 of two peers the lower id dials and the other knocks; what failed is tried again, with longer pauses
#
# alice's id is the higher one in this run: she knocks, bob dials.

show dials, server, link
given bob joins; cut alice from bob

> alice starts; wait 100 s
  alice -> bob: by server: knock
  alice -> bob: by server: signal
  alice: asks server who is there
  bob: dials alice
  bob -> alice: by server: signal
  bob: asks server who is there
! bob: dials alice
! never alice: dials bob
! alice -> bob: by server: knock
! now failedDials of bob is above 2
! at most 9 times bob: dials alice

> mend alice and bob; until bob has one link to alice; wait 1 s
  alice -> bob: by server: knock
  alice -> bob: by server: signal
  alice: asks server who is there
  alice: link to bob up (webrtc)
  bob: asks server who is there
  bob: dials alice
  bob -> alice: by server: signal
  bob: link to alice up (webrtc)
! bob: link to alice up (webrtc)
! now alice and bob are linked with one another
