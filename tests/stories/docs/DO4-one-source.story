# DO4 what is missing is fetched from one holder at a time; when that one goes, from another, from where it stopped

show doc
given alice and bob join; alice and bob open notes; alice adds 40 values of 64 KiB to notes; until notes is synced at bob; carol joins; wait 5 s

> carol opens notes; until carol -> *: docGot*
  alice: doc notes syncing
  bob: doc notes syncing
! 1 times carol -> *: docWant*from the beginning
! never * -> carol: docEnd*

> the one that carol fetches from is killed; until notes is synced at carol; wait 1 s
  alice: doc notes synced
  carol: doc notes synced
! carol -> *: docWant notes
! never carol -> *: docWant notes from the beginning
! * -> carol: docEnd notes before carol: doc notes synced
