# EL4 a claim is followed only where one's own view elects the claimer; a follower stores the epoch it follows
#
# carol claims to lead. Nobody follows her: alice is elected by all, and goes above that claim.

show leader, claim, epoch
given alice and bob join

> carol joins
  alice -> carol: claim of alice, epoch 1
  carol: leader nobody -> alice, epoch 1 (elected)
  carol: stores epoch 1
! carol: stores epoch 1

> carol says to bob: claim of carol, epoch 7; carol says to alice: claim of carol, epoch 7; wait 4 s
  alice: stores epoch 8
  alice: leader alice -> alice, epoch 8 (merged)
  alice -> bob: to all: claim of alice, epoch 8
  alice -> carol: to all: claim of alice, epoch 8
  bob: leader alice -> alice, epoch 8 (merged)
  bob: stores epoch 8
  carol -> alice: claim of carol, epoch 7
  carol -> bob: claim of carol, epoch 7
  carol: leader alice -> alice, epoch 8 (merged)
  carol: stores epoch 8
! never bob: leader * -> carol*
! never alice: leader * -> carol*
! alice: stores epoch 8 before alice -> bob: to all: claim of alice, epoch 8
! now alice leads alice, bob and carol
! now alice, bob and carol are in epoch 8

> alice leaves; bob leaves; until carol leads carol; wait 1 s
  alice: leader alice -> nobody, epoch 8 (left)
  bob: leader alice -> nobody, epoch 8 (left)
  carol: stores epoch 9
  carol: leader alice -> carol, epoch 9 (left)
! carol: leader alice -> carol, epoch 9 (left)
