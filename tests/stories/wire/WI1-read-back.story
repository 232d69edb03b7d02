# WI1 what is written is read back, equal

stage wire
show writer, reader

> a ping is written; it is read
  reader: ping
  writer: 02 ac 02 01 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 07
! now what was read is what was written
> a goodbye is written; it is read
  reader: broadcast
  writer: 05 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 01 02 aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa 04 00
! now what was read is what was written
> a pull is written; it is read
  reader: pull
  writer: 06 01 cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc ff ff ff ff ff ff ff 0f
! now what was read is what was written
> a large cast is written; it is read
  reader: direct
  writer: 40010 bytes
! now what was read is what was written
