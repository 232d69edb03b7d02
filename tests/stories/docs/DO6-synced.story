# DO6 synced is said only when nothing that anybody alive has is missing; alone where nobody has it open
#
# While alice and bob cannot reach each other, each is alone. When they meet, neither says synced before it has it all.

show doc, docs, docWant, docEnd
given alice and bob join; alice opens notes; wait 1 s

> wait 1 s
! now notes is alone at alice

> bob opens notes; until notes is synced at alice and bob
  alice: doc notes synced
  alice -> bob: docs notes agreed with bob
  bob -> alice: docs notes; and yours?
  bob: doc notes synced
! never bob: doc notes alone

> partition alice, server | bob; wait 20 s; alice types "a" in notes; bob types "b" in notes; wait 1 s
  alice: doc notes alone
  alice: doc notes syncing
  bob: doc notes alone
  bob: doc notes syncing
! now notes is alone at alice and bob

> heal; until notes is synced at alice and bob
  alice: doc notes syncing
  alice -> bob: docs notes
  alice -> bob: docs notes waiting for bob
  alice -> bob: docWant notes
  alice -> bob: docEnd notes
  alice -> bob: docs notes agreed with bob
  alice: doc notes synced
  bob: doc notes syncing
  bob -> alice: docs notes
  bob -> alice: docs notes waiting for alice
  bob -> alice: docWant notes
  bob -> alice: docEnd notes
  bob -> alice: docs notes agreed with alice
  bob: doc notes synced
! bob: doc notes syncing before bob: doc notes synced
! alice: doc notes syncing before alice: doc notes synced
! bob -> alice: docWant notes before bob: doc notes synced
! alice -> bob: docEnd notes before bob: doc notes synced
