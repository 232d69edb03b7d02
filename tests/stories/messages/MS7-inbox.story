# MS7 the inbox row is written with the entry; what is not handled comes again, what is handled never

show stores, removes, inbox
given alice and bob join; bob takes the inbox; wait 40 s

> alice sends "job" to @bob; wait 1 s
  alice: stores ack of bob for alice
  alice: stores outbox alice 2, feed alice 2
  alice: removes outbox alice 2
  bob: stores feed alice 2, inbox alice 2
  bob: inbox "job", attempt 1
! bob: stores feed alice 2, inbox alice 2 before bob: inbox "job", attempt 1
! 1 times bob: inbox "job"*

> bob is killed; bob comes back; bob takes the inbox; wait 5 s
  bob: stores inbox alice 2
  bob: inbox "job", attempt 1
! bob: inbox "job", attempt 1

> bob retries "job" after 2 s; wait 5 s
  bob: stores inbox alice 2
  bob: inbox "job", attempt 2
! not before 2 s bob: inbox "job", attempt 2

> bob handles "job"; wait 1 s
  bob: removes inbox alice 2
! bob: removes inbox alice 2

> bob is killed; bob comes back; bob takes the inbox; wait 10 s
! never bob: inbox*
