# OV28 pieces of a document wait for an idle link: a message goes before them

show entries, docPiece, docEnd, message
given alice and bob join; bob enters #news; alice enters #news; alice opens notes; alice adds 60 values of 64 KiB to notes; wait 40 s

> bob opens notes; until alice -> bob: docPiece*; alice sends "quick" to #news; until notes is synced at bob
  alice -> bob: docPiece notes
  alice: message "quick" from alice to #news
  alice: message "quick" is stored
  alice -> bob: to all: entries alice 3
  alice -> bob: docEnd notes
  bob -> alice: docEnd notes
  bob: message "quick" from alice to #news
! alice -> bob: to all: entries* before alice -> bob: docEnd notes
! bob: message "quick" from alice to #news before alice -> bob: docEnd notes
