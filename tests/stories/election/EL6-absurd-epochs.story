# EL6 a claim far above every epoch seen changes nothing at once; where its claimer stays elected it is believed after 10 s
#
# One far above the highest seen is a lie or a fault: believed at once, a few of them would use up all epochs. Of a peer that
# is not elected half of the jump counts, so that the leader's answer, one higher, is within everybody's bound.

show leader, claim, epoch
given alice and bob join; wait 40 s

> bob says to alice: claim of bob, epoch 1048578; wait 20 s
  bob -> alice: claim of bob, epoch 1048578
! never alice: leader*
! never alice: stores epoch*
! never alice -> bob: *claim*
! now alice and bob are in epoch 1

> bob says to alice: claim of bob, epoch 524000; wait 5 s
  alice: stores epoch 524001
  alice: leader alice -> alice, epoch 524001 (merged)
  alice -> bob: to all: claim of alice, epoch 524001
  bob -> alice: claim of bob, epoch 524000
  bob: leader alice -> alice, epoch 524001 (merged)
  bob: stores epoch 524001
! now alice and bob are in epoch 524001

> bob says to alice: claim of bob, epoch 1048000; wait 5 s; bob says to alice: claim of bob, epoch 1572000; wait 5 s
  alice: stores epoch 1048001
  alice: leader alice -> alice, epoch 1048001 (merged)
  alice -> bob: to all: claim of alice, epoch 1048001
  alice: stores epoch 1572001
  alice: leader alice -> alice, epoch 1572001 (merged)
  alice -> bob: to all: claim of alice, epoch 1572001
  bob -> alice: claim of bob, epoch 1048000
  bob: leader alice -> alice, epoch 1048001 (merged)
  bob: stores epoch 1048001
  bob -> alice: claim of bob, epoch 1572000
  bob: leader alice -> alice, epoch 1572001 (merged)
  bob: stores epoch 1572001
! now alice and bob are in epoch 1572001

> carol starts; until carol: meets alice; wait 9 s
  alice -> carol: claim of alice, epoch 1572001
! now nobody leads carol

> until carol: leader*
  carol: leader nobody -> alice, epoch 1572001 (elected)
! within 3 s carol: leader nobody -> alice, epoch 1572001 (elected)
