# OV12 a watcher that was late itself asks again before it accuses
#
# bob doubts alice and asks her. Then he stands still for a second, less than a stall: her answer waits at his door, and the
# time that he gave her is over. It was he who was late: he asks again.

show loses, gone
given alice, bob and carol join; wait 40 s

> carol says to bob: suspect alice; wait 5 ms; bob freezes; wait 1 s; bob wakes; wait 3 s
! bob -> alice: ping
! never *: loses*
! now alice leads alice, bob and carol
