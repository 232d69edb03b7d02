# OV15 a suspicion ends with an answer to one of its own nonces; that something else is heard of the peer does not end it
#
# What alice answers is lost, and so is her own word; what she says otherwise arrives, an answer to an older question too. bob does
# not take that for an answer.

show suspect, heard, loses, record
given alice, bob and carol join; all listen to news; wait 40 s
given lose 99 pong from alice to bob; lose 99 alive from alice to bob; lose 99 alive from alice to carol
given lose 99 record from alice to bob; lose 99 record from alice to carol

> carol says to bob: suspect alice; wait 20 ms; alice casts "I live" on news; alice says to bob: an old answer; until bob: loses alice*
  bob: heard "I live" from alice
  bob: loses alice (failed)
  carol -> bob: to all: suspect alice
  carol: heard "I live" from alice
! bob: heard "I live" from alice before bob: loses alice (failed)
! alice -> bob: pong (lost)

> lose nothing more; until bob knows alice; until alice leads alice, bob and carol
  alice -> bob: to all: record of alice, place 1, 2 links
  alice -> carol: to all: record of alice, place 1, 1 links
  alice -> carol: to all: record of alice, place 1, 2 links
  bob -> carol: to all: record of bob, place 2, 1 links
  carol -> bob: to all, from alice: record of alice, place 1, 1 links
! now alice has place 1
