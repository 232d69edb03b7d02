# DO8 rows are only added; one is removed with or after the row that holds its content again; a kill costs nothing

show stores, removes
given alice joins; alice opens notes; wait 5 s

> alice types "x" in notes 140 times, one every 50 ms; wait 2 s
  alice: stores doc notes
  alice: removes doc notes
! alice: stores doc notes before alice: removes doc notes

> alice is killed; alice comes back; alice opens notes
! now alice's notes is 140 long
