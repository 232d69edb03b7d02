# EL16 when views agree and messages arrive, all end with the elected leader, in one epoch, with one duty

show duty, leader
seed 7
given alice, bob, carol and dave join; all take the duty; wait 1 s

> partition alice, carol | bob, dave, server; wait 10 s
  bob: leader alice -> bob, epoch 2 (failed)
  bob: duty starts, epoch 2
  dave: leader alice -> bob, epoch 2 (failed)
! now alice leads alice and carol
! now bob leads bob and dave
! now alice's duty runs
! now bob's duty runs

> partition alice | carol, server | bob, dave; wait 10 s
  carol: leader alice -> carol, epoch 2 (failed)
  carol: duty starts, epoch 2
! now carol leads carol

given heal; until alice leads alice, bob, carol and dave; wait 5 s
! now alice leads alice, bob, carol and dave
! now only alice's duty runs

> wait 2 min
! never *: leader*
! never *: duty*
