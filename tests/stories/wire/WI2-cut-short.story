# WI2 any bytes give a Result; cut short anywhere or continued they are refused

stage wire
show writer, reader

> a claim is written; it is cut short anywhere, or goes on
  reader: refused 26 of 26
  writer: 08 06 05 69 6e 64 65 78 02 bb bb bb bb bb bb bb bb bb bb bb bb bb bb bb bb
! reader: refused 26 of 26
> the bytes ff ff ff ff are read
  reader: refused: unknown type
! reader: refused: *
> the bytes 02 80 80 80 80 80 80 80 80 80 80 80 80 00 are read
  reader: refused: Unexpected end of array
! reader: refused: *
