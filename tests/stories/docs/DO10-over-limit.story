# DO10 a document over its limit is neither sent nor stored and says so; it returns by itself when it fits again

show doc, docUpdates, docPiece, stores, error
given alice joins; bob joins; alice opens notes for at most 100 KiB; bob opens notes; wait 40 s

> alice adds 2 values of 80 KiB to notes; wait 5 s
  alice: error doc-over-limit
  alice: doc notes syncing
  bob: doc notes alone
! alice: error doc-over-limit
! never alice: stores doc notes
! never alice -> bob: docUpdates*
! never alice -> bob: docPiece*
! now notes is syncing at alice

> alice removes all values of notes; alice types "small" in notes; until notes is synced at alice and bob
  alice: stores doc notes
  alice -> bob: docPiece notes
  alice: doc notes synced
  bob: doc notes syncing
  bob: stores doc notes
  bob: doc notes synced
! now notes reads "small" at alice and bob
