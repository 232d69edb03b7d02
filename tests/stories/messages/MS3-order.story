# MS3 a feed's messages come in its order, by one author, each continuing the chain; a clock a minute ahead is marked
#
# "one" is lost on its way. "two" waits until "one" was fetched.

show entries, stores, message, want, found
given alice and bob join; wait 40 s; lose 3 entries from alice to bob

> alice sends "one" to @bob; lose nothing more; alice sends "two" to @bob; until bob: message "two" from alice to @bob; wait 1 s
  alice: stores outbox alice 2, feed alice 2
  alice: message "one" from alice to @bob
  alice -> bob: to all: entries alice 2 (lost)
  alice: message "one" is stored
  alice: stores outbox alice 3, feed alice 3
  alice: message "two" from alice to @bob
  alice -> bob: to all: entries alice 3
  alice: message "two" is stored
  alice -> bob: found alice 2 and alice 3
  alice: stores ack of bob for alice
  bob -> alice: want alice after 1
  bob: stores feed alice 2 to 3, inbox alice 2 to 3
  bob: message "one" from alice to @bob
  bob: message "two" from alice to @bob
! bob: message "one" from alice to @bob before bob: message "two" from alice to @bob
! 1 times bob: message "one"*
! 1 times bob: message "two"*

> dave joins with its clock 2 min ahead; dave sends "from tomorrow" to @bob; wait 1 s
  alice -> dave: want dave after 0
  alice: stores ack of dave for alice
  alice: stores feed dave 1
  alice: stores feed dave 2
  bob -> dave: want dave after 0
  bob -> dave: found alice 1 and alice 2 and alice 3
  bob -> dave: found bob 1
  bob: stores ack of dave for bob
  bob: stores feed dave 1
  bob: stores feed dave 2, inbox dave 2
  bob: message "from tomorrow" from dave to @bob, clock ahead
  dave: stores feed dave 1
  dave: stores the name of the store
  dave -> bob: want alice after 0
  dave -> bob: want bob after 0
  dave -> bob: found dave 1
  dave: stores ack of bob for dave
  dave: stores feed alice 1 to 3
  dave: stores feed bob 1
  dave -> alice: found dave 1
  dave: stores ack of alice for dave
  dave: stores outbox dave 2, feed dave 2
  dave: message "from tomorrow" from dave to @bob
  dave -> alice: to all: entries dave 2
  dave -> bob: to all: entries dave 2
  dave: message "from tomorrow" is stored
! bob: message "from tomorrow" from dave to @bob, clock ahead

> bob sends "from today" to @alice; wait 1 s
  alice: stores feed bob 2, inbox bob 2
  alice: message "from today" from bob to @alice
  bob: stores outbox bob 2, feed bob 2
  bob: message "from today" from bob to @alice
  bob -> alice: to all: entries bob 2
  bob -> dave: to all: entries bob 2
  bob: message "from today" is stored
  bob: stores ack of alice for bob
  bob: stores ack of dave for bob
  dave: stores feed bob 2
! alice: message "from today" from bob to @alice

> alice sends "mine" to @bob; wait 1 s; dave says to bob: an entry that alice did not sign; wait 1 s
  alice: stores outbox alice 4, feed alice 4
  alice: message "mine" from alice to @bob
  alice -> bob: to all: entries alice 4
  alice -> dave: to all: entries alice 4
  alice: message "mine" is stored
  alice: stores ack of bob for alice
  alice: stores ack of dave for alice
  bob: stores feed alice 4, inbox alice 4
  bob: message "mine" from alice to @bob
  dave: stores feed alice 4
  dave -> bob: to all: entries alice 5
! dave -> bob: to all: entries alice 5
! never bob: stores *feed alice 5*
! 1 times bob: message "mine"*
! now entriesRejected of bob counts 1

> dave says to bob: an entry that alice signed astray; wait 1 s
  bob -> alice: to all, from dave: entries alice 5
  dave -> bob: to all: entries alice 5
! dave -> bob: to all: entries alice 5
! never bob: stores *feed alice 5*
! never bob: message*
! now chainMismatches of bob counts 1
