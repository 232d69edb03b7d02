# WI4 a value that was read holds no view into the bytes it came from

stage wire
show reader

> a cast is written; it is read; the bytes are wiped
  reader: direct
! now what was read is what was written
