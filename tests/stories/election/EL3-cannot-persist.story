# EL3 who cannot persist an epoch says that it is unfit, and the next one leads

show leader, claim, record
given alice, bob and carol join; wait 40 s; bob's disk fails

> alice is killed; until carol leads bob and carol; wait 2 s
  bob -> carol: to all: record of bob, place 2, unfit, 1 links
  bob: leader alice -> carol, epoch 2 (failed)
  carol -> bob: to all: record of carol, place 3, 1 links
  carol: leader alice -> carol, epoch 2 (failed)
  carol -> bob: to all: claim of carol, epoch 2
! bob -> carol: to all: record of bob, place 2, unfit*
! never bob -> carol: *claim of bob*
! now carol leads bob and carol

> bob's disk works again; carol leaves; until bob leads bob; wait 1 s
  bob: leader carol -> nobody, epoch 2 (left)
  bob: leader nobody -> bob, epoch 3 (elected)
  carol: leader carol -> nobody, epoch 2 (left)
! bob: leader nobody -> bob, epoch 3 (elected)
