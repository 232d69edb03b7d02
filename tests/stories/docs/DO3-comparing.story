# DO3 copies are compared by a digest over what was written and what was deleted, 30 s after a change at the latest
#
# An edit is lost; then a deletion is, which no vector shows. Both are found.

show docUpdates, docs, docWant, doc
given alice and bob join; alice and bob open notes; alice types "grey geese" in notes; wait 40 s

> lose the next docUpdates from alice to bob; alice types "!" in notes; until notes reads "grey geese!" at bob
  alice -> bob: docUpdates notes (lost)
  alice -> bob: docs notes agreed with bob
  alice: doc notes synced
  alice: doc notes syncing
  bob: doc notes syncing
  bob -> alice: docWant notes
  bob: doc notes synced
  bob -> alice: docs notes agreed with alice
! alice -> bob: docUpdates notes (lost)
! within 40 s bob -> alice: docWant notes

> wait 40 s
! now notes is synced at alice and bob

> lose the next docUpdates from alice to bob; alice deletes the first 5 of notes; until notes reads "geese!" at bob
  alice -> bob: docUpdates notes (lost)
  alice -> bob: docs notes agreed with bob
  alice: doc notes synced
  alice: doc notes syncing
  bob: doc notes syncing
  bob -> alice: docWant notes
  bob: doc notes synced
  bob -> alice: docs notes agreed with alice
! alice -> bob: docUpdates notes (lost)
! within 40 s bob -> alice: docWant notes
! now notes reads "geese!" at alice and bob
