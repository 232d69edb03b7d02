# DO7 whatever is in the document is stored, and stored is said when all of it is; a write that failed is tried again

show stores, stored, error
given alice and bob join; alice and bob open notes; wait 40 s

> alice types "kept" in notes; wait 1 s
  alice: stores doc notes
  alice: stored notes
  bob: stores doc notes
  bob: stored notes
! alice: stores doc notes before alice: stored notes
! bob: stores doc notes before bob: stored notes

> alice's disk is full; alice types " too" in notes; wait 2 s
  alice: error storage-full
  bob: stores doc notes
  bob: stored notes
! now notes is not stored at alice
! alice: error storage-full
! never alice: stored notes

> alice's disk works again; until notes is stored at alice
  alice: stores doc notes
  alice: stored notes
! alice: stores doc notes before alice: stored notes

> bob leaves; alice is killed; alice comes back; alice opens notes
! now notes reads "kept too" at alice
