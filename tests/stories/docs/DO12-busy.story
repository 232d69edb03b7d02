# DO12 work that will take long is announced to the neighbours first
#
# One value of 2 MiB is one segment: taking it in may block for longer than a heartbeat can wait.

show busy, docWant, docEnd, doc
given alice, bob and carol join; alice opens notes; alice adds 1 values of 2048 KiB to notes; wait 40 s

> bob opens notes; until bob: doc notes synced
  alice: doc notes syncing
  alice -> bob: docWant notes
  alice -> bob: docEnd notes
  bob -> alice: docWant notes from the beginning
  bob -> alice: docEnd notes
  bob -> alice: busy
  bob -> carol: busy
  bob: doc notes synced
! bob -> alice: busy before bob: doc notes synced
! bob -> carol: busy
! never alice -> *: busy
