# EL13 a leader hidden for five minutes resigns to a fitter one, without a gap, and holds back; hiding alone changes nothing

show leader, duty
given alice and bob join; all take the duty; wait 1 s

> alice is hidden; wait 4.9 min
! never *: leader*
! now alice leads alice and bob

> wait 20 s
  alice: duty stops
  alice: leader alice -> bob, epoch 2 (resigned)
  bob: leader alice -> bob, epoch 2 (resigned)
  bob: duty starts, epoch 2
! now bob leads alice and bob
! alice: duty stops before bob: duty starts, epoch 2

> alice is shown; wait 4.9 min
! never *: leader*

> wait 20 s
  alice: leader bob -> alice, epoch 3 (outranked)
  alice: duty starts, epoch 3
  bob: duty stops
  bob: leader bob -> alice, epoch 3 (outranked)
! now alice leads alice and bob
