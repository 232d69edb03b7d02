# OV32 who begins to watch a peer asks it at once, and is answered
#
# alice dies, bob leads: now carol hangs on him, and makes sure that he is there.

show leader, ping, pong
given alice, bob and carol join; wait 2 min

> alice is killed; until bob leads bob and carol; wait 1 s
  bob -> alice: ping
  bob -> carol: pong
  bob: leader alice -> bob, epoch 2 (failed)
  carol -> alice: ping
  carol -> bob: ping
  carol: leader alice -> bob, epoch 2 (failed)
! carol -> bob: ping
! bob -> carol: pong
! within 1 s bob -> carol: beat
