# WI8 what is large or many goes in the bulk lane, the rest in the control lane

stage wire
show lane

> the lane of a ping; the lane of a claim; the lane of a goodbye; the lane of busy
  lane: a claim: control
  lane: a goodbye: control
  lane: a ping: control
  lane: busy: control
! never lane: *: bulk
> the lane of a cast; the lane of entries
  lane: a cast: bulk
  lane: entries: bulk
! never lane: *: control
