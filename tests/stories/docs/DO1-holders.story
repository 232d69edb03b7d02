# DO1 a document travels only between peers that have it open; who opens one asks, and all tell each other what they have open

show docs, docUpdates, docWant, docPiece
given alice, bob and carol join; wait 40 s

> alice opens notes; bob opens notes; alice types "geese" in notes; wait 5 s
  alice -> bob: docs notes; and yours?
  alice -> carol: docs notes; and yours?
  alice -> bob: docWant notes
  alice -> bob: docs notes waiting for bob
  alice -> bob: docPiece notes
  alice -> bob: docs notes agreed with bob
  bob -> alice: docs notes agreed with alice
  bob -> alice: docs notes; and yours?
  bob -> carol: docs notes; and yours?
  bob -> alice: docWant notes from the beginning
  carol -> alice: docs notes closed
  carol -> bob: docs notes closed
! alice -> carol: docs notes*
! bob -> alice: docs notes*; and yours?
! never * -> carol: docUpdates*
! never * -> carol: docPiece*
! never carol -> *: docWant*
! now notes reads "geese" at alice and bob

> carol opens notes; wait 5 s
  alice -> carol: docWant notes
  alice -> carol: docs notes agreed with bob and carol
  alice -> carol: docs notes agreed with bob and carol; and yours?
  alice -> carol: docs notes agreed with bob waiting for carol
  bob -> carol: docWant notes
  bob -> carol: docs notes agreed with alice waiting for carol
  bob -> carol: docPiece notes
  bob -> carol: docs notes agreed with alice and carol
  carol -> alice: docs notes; and yours?
  carol -> bob: docs notes waiting for bob
  carol -> bob: docs notes; and yours?
  carol -> bob: docWant notes from the beginning
  carol -> alice: docs notes agreed with alice and bob
  carol -> bob: docs notes agreed with alice and bob
! carol -> alice: docs notes*; and yours?
! * -> carol: docPiece notes
! now notes reads "geese" at alice, bob and carol
