# EL5 a claim that comes before the view it belongs to is kept, and followed as soon as the view elects its claimer
#
# alice says goodbye, and carol does not hear it. bob leads and says so once: carol still believes in alice. As soon as
# she sees that alice is gone, she follows bob: he does not have to say it again.

show leader, claim, loses
given alice, bob and carol join; wait 40 s
given lose 9 gone from alice to carol; lose 9 gone from bob to carol; cut alice from carol

> alice leaves; until bob: leader*; wait 30 ms
  alice: leader alice -> nobody, epoch 1 (left)
  alice: loses bob (left)
  alice: loses carol (left)
  bob: loses alice (left)
  bob: leader alice -> bob, epoch 2 (left)
  bob -> carol: to all: claim of bob, epoch 2
! bob -> carol: to all: claim of bob, epoch 2
! never carol: leader*
! now alice leads carol

> until bob leads bob and carol
  carol: loses alice (failed)
  carol: leader alice -> bob, epoch 2 (failed)
! carol: loses alice* before carol: leader alice -> bob, epoch 2*
! now bob leads bob and carol
