# OV27 a multicast goes to those it names and to nobody else, one message over each one's link
#
# Edits of a document go so: to those who have it open.

show docUpdates
given alice, bob, carol and dave join; alice, bob and carol open notes; wait 40 s

> alice types "geese" in notes; wait 5 s
  alice -> bob: docUpdates notes
  alice -> carol: docUpdates notes
! 1 times alice -> bob: docUpdates notes
! 1 times alice -> carol: docUpdates notes
! never * -> dave: *docUpdates*
! never bob -> *: *docUpdates*
! never * -> *: to all*docUpdates*
! now notes reads "geese" at alice, bob and carol
