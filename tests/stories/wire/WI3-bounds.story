# WI3 every number, count, length, word and form is checked before its value is taken in

stage wire
show reader

> the bytes 09 88 27 are read
  reader: busy
! reader: busy
> the bytes 09 89 27 are read
  reader: refused: number too large
! reader: refused: number too large
> the bytes 06 41 are read
  reader: refused: list too long
! reader: refused: list too long
> the bytes 08 09 81 01 are read
  reader: refused: text too long
! reader: refused: text too long
> the bytes 08 02 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 01 07 are read
  reader: refused: unknown word
! reader: refused: unknown word
> the bytes 04 are read
  reader: refused: unknown type
! reader: refused: unknown type
