# DO2 an edit goes from its author to every holder, once; edits made together go together; large ones are fetched

show docUpdates, docWant, docPiece, docs
given alice, bob, carol and dave join; alice, bob and carol open notes; wait 40 s

> alice types "a" in notes; alice types "b" in notes; alice types "c" in notes; wait 1 s
  alice -> bob: docUpdates notes
  alice -> carol: docUpdates notes
! at most 2 times alice -> bob: docUpdates notes
! at most 2 times alice -> carol: docUpdates notes
! never bob -> *: docUpdates*
! never * -> dave: docUpdates*
! now notes reads "abc" at alice, bob and carol

> alice adds 1 values of 100 KiB to notes; wait 5 s
  alice -> bob: docs notes agreed with bob and carol
  alice -> carol: docs notes agreed with bob and carol
  alice -> bob: docWant notes
  alice -> bob: docPiece notes
  alice -> carol: docPiece notes
  alice -> carol: docWant notes
  alice -> bob: docs notes agreed with bob and carol waiting for carol
  bob -> alice: docWant notes
  bob -> alice: docs notes agreed with alice and carol
  bob -> carol: docs notes agreed with alice and carol
  carol -> alice: docWant notes
  carol -> alice: docs notes agreed with alice and bob
  carol -> bob: docs notes agreed with alice and bob
! never *: docUpdates*
! bob -> alice: docWant notes
! carol -> *: docWant notes
! now notes is synced at alice, bob and carol
