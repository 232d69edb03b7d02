# EL15 a fence admits tokens in the order of epoch, leader and number; a lower one never, the same one again

show fence
given alice and bob join; all take the duty; wait 1 s

> alice takes a token as first; alice takes a token as second
> the fence is shown second
  fence: admits alice's epoch 1, number 2
! fence: admits alice's epoch 1, number 2
> the fence is shown first
  fence: refuses alice's epoch 1, number 1
! fence: refuses alice's epoch 1, number 1
> the fence is shown second
  fence: admits alice's epoch 1, number 2
! fence: admits alice's epoch 1, number 2

> alice takes a token as late; alice freezes; until bob: duty starts*; bob takes a token as new; the fence is shown new
  fence: admits bob's epoch 2, number 1
! fence: admits bob's epoch 2, number 1
> the fence is shown late
  fence: refuses alice's epoch 1, number 3
! fence: refuses alice's epoch 1, number 3
