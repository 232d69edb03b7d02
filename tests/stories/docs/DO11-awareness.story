# DO11 who is doing what: it goes to the holders, and ends with the peer; a state that is too large is not sent

show awareness, docAwareness, error
given alice, bob and carol join; alice and bob open notes; wait 40 s

> alice shows "typing" in notes; wait 1 s
  alice: awareness in notes: {"doing":"typing"}
  alice -> bob: docAwareness notes: {"doing":"typing"}
  bob: awareness in notes: {"doing":"typing"}
! bob: awareness in notes: {"doing":"typing"}
! never * -> carol: docAwareness*

> alice shows 20 KiB in notes; wait 1 s
  alice: awareness in notes: {"doing":"ahovcjqxel…
  alice: error body-too-large
! alice: error *
! never alice -> bob: docAwareness*

> alice is killed; until bob: loses alice*; wait 100 ms
  bob: awareness in notes: somebody gone
! bob: awareness in notes: somebody gone
! within 500 ms bob: awareness in notes: somebody gone
