# OV22 a peer lost without a goodbye is sought; one that said goodbye is not

show dials, server, signal, loses
given alice, bob and carol join; wait 40 s

> carol leaves; wait 20 s
  alice: loses carol (left)
  bob: loses carol (left)
  carol: loses alice (left)
  carol: loses bob (left)
! never alice: dials carol
! never bob: dials carol
! never * -> carol: by server*

> bob is killed; wait 20 s
  alice: loses bob (failed)
  alice -> bob: by server: knock
  alice: asks server who is there
! alice -> bob: by server*
