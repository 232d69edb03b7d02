# DO9 an update that is malformed is refused before Yjs sees it, counts against its link, and its sender takes no further part
#
# bob sends alice something that is no update. What alice and carol write goes on between them.

show docUpdates, link, docPiece
given alice, bob and carol join; alice, bob and carol open notes; wait 40 s

> bob says to alice: docUpdates of notes, a broken one; wait 1 s
  bob -> alice: docUpdates notes
! now docUpdatesMalformed of alice counts 1
! now notes reads "" at alice

> bob types "from bob" in notes; alice types "from alice" in notes; wait 3 s
  alice -> carol: docUpdates notes
  bob -> alice: docUpdates notes
  bob -> carol: docUpdates notes
! now notes reads "from alice" at alice
! bob -> alice: docUpdates notes
