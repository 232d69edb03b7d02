# DO15 while links are being made, what came in is passed on to who has no link to its giver
#
# alice and carol have no way to each other. What alice writes reaches carol by way of bob, and what is no news to him goes
# no further.

show docUpdates
given bob joins; bob opens notes; cut alice from carol; alice starts; carol starts; wait 3 s; alice and carol open notes; wait 300 ms

> alice types "a" in notes; wait 1 s
  alice -> bob: docUpdates notes
  bob -> carol: docUpdates notes
! bob -> carol: docUpdates*
! never carol -> *: docUpdates*
! now notes reads "a" at alice, bob and carol

> wait 20 s; alice types "b" in notes; wait 1 s
  alice -> bob: docUpdates notes
  alice -> bob: to carol: docUpdates notes
  bob -> carol: to carol, from alice: docUpdates notes
! now notes reads "ab" at alice, bob and carol
