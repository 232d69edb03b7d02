# WI5 the bytes are those written down

stage wire
show writer

> a ping is written
  writer: 02 ac 02 01 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 07
! writer: 02 ac 02 01 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 07
> a claim is written
  writer: 08 06 05 69 6e 64 65 78 02 bb bb bb bb bb bb bb bb bb bb bb bb bb bb bb bb
! writer: 08 06 05 69 6e 64 65 78 02 bb bb bb bb bb bb bb bb bb bb bb bb bb bb bb bb
> a beat is written
  writer: 0a
! writer: 0a
> busy is written
  writer: 09 e8 07
! writer: 09 e8 07
> a goodbye is written
  writer: 05 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 01 02 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 04 00
! writer: 05 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 01 02 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 04 00
