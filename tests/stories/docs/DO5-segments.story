# DO5 a document travels in pieces, at most so far ahead of what was taken in
#
# bob's acknowledgements are lost: alice stops after the first window of 512 KiB, which is 8 pieces of 64 KiB and what began
# inside it. As soon as one comes through she goes on.

show docWant, docPiece, docGot, docEnd
given alice and bob join; alice opens notes; alice adds 60 values of 60 KiB to notes; wait 40 s; lose 999 docGot from bob to alice

> bob opens notes; wait 4 s
  alice -> bob: docWant notes
  alice -> bob: docPiece notes
  bob -> alice: docWant notes from the beginning
  bob -> alice: docEnd notes
  bob -> alice: docGot notes (lost)
! 1 times bob -> alice: docWant*
! at most 10 times alice -> bob: docPiece notes
! never alice -> bob: docEnd*

> lose nothing more; until notes is synced at bob
  alice -> bob: docWant notes
  alice -> bob: docPiece notes
  alice -> bob: docEnd notes
  bob -> alice: docEnd notes
  bob -> alice: docWant notes
  bob -> alice: docGot notes
! bob -> alice: docGot notes
! alice -> bob: docEnd notes
