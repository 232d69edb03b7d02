# MS9 a damaged entry is set aside and reported, our vector falls back, and it is fetched again

show stores, error, vector, want, found
given alice and bob join; alice and bob enters #news; wait 2 s
given alice sends "one" to #news; alice sends "two" to #news; alice sends "three" to #news; wait 5 s; bob is killed; wait 1 s

> a bit flips on bob's disk in entry 4 of alice; bob comes back; wait 5 s; bob looks into #news; wait 5 s
  alice -> bob: vector whole: alice 5 and bob 2
  alice -> bob: found alice 4 and alice 5
  bob: stores something unmended, aside feed
  bob: error record-corrupt
  bob: stores hole alice 4
  bob -> alice: vector whole: alice 3 and bob 2
  bob -> alice: want alice after 3
  bob: stores feed alice 4
  bob -> alice: vector alice 5
! bob: error record-corrupt
! bob: stores hole alice 4
! bob -> alice: want alice after 3
! alice -> bob: found alice 4*
! bob: removes hole alice 4
! now bob has #news: "one", "two", "three"
