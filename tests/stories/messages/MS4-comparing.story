# MS4 digests are compared when a link comes up; where they differ, who is behind asks for what it lacks, oldest first
#
# While nothing changes, nothing is said. What was lost altogether is found within 30 s.

show digest, vector, want, found, message
given alice and bob join; alice and bob enters #news; wait 2 min

> wait 5 min
! never *: digest
! never *: vector*

> bob is killed; wait 1 s; alice sends "one" to #news; alice sends "two" to #news; bob comes back; wait 5 s
  alice: message "one" from alice to #news
  alice: message "one" is stored
  alice: message "two" from alice to #news
  alice: message "two" is stored
  alice -> bob: vector whole: alice 4 and bob 2
  alice -> bob: found alice 3 and alice 4
  bob -> alice: vector whole: alice 2 and bob 2
  bob -> alice: want alice after 2
  bob: message "one" from alice to #news
  bob: message "two" from alice to #news
  bob -> alice: vector alice 4
! bob -> alice: want alice after 2
! alice -> bob: found alice 3 and alice 4
! bob: message "one" from alice to #news before bob: message "two" from alice to #news

> lose 9 entries from alice to bob; alice sends "three" to #news; until bob: message "three"*
  alice: message "three" from alice to #news
  alice: message "three" is stored
  alice -> bob: digest
  alice -> bob: vector alice 5
  alice -> bob: found alice 5
  bob -> alice: vector whole: alice 4 and bob 2
  bob -> alice: want alice after 4
  bob: message "three" from alice to #news
! within 35 s bob: message "three" from alice to #news
! * -> *: digest before bob -> alice: want alice after 4
