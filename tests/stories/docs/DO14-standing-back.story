# DO14 documents stand back while people talk
#
# bob's acknowledgements are lost: alice, who has just said something, stops after the small window, which is 2 pieces of
# 64 KiB. When all have been quiet for a second the large one holds.

show docWant, docPiece, docEnd
given alice and bob join; alice opens notes; alice adds 60 values of 60 KiB to notes; wait 40 s; lose 999 docGot from bob to alice

> alice sends "a line" to #general; bob opens notes; wait 500 ms
  alice -> bob: docWant notes
  alice -> bob: docPiece notes
  bob -> alice: docWant notes from the beginning
  bob -> alice: docEnd notes
! at most 3 times alice -> bob: docPiece notes

> lose nothing more; until notes is synced at bob
  alice -> bob: docPiece notes
  alice -> bob: docEnd notes
! alice -> bob: docEnd notes
