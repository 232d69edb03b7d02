# DO13 a row that cannot be read is set aside and reported; what it held comes back from the mesh

show stores, error, docWant, doc
given alice and bob join; alice and bob open notes; alice types "geese" in notes; wait 5 s; bob is killed; wait 1 s
given a bit flips on bob's disk in the first row of notes

> bob comes back; bob opens notes; until notes is synced at bob
  alice: doc notes syncing
  alice -> bob: docWant notes
  alice: doc notes synced
  bob: stores something unmended, aside doc
  bob: error record-corrupt
  bob -> alice: docWant notes from the beginning
  bob: stores doc notes
  bob: doc notes synced
! bob: error record-corrupt
! bob: stores*aside doc
! bob -> alice: docWant notes*
! now notes reads "geese" at bob
