# WI6 a message of any size comes through in frames, beside one of the other lane

stage wire
show frame, reader

> a large cast and a ping share a link
  frame: bulk, 16384 bytes
  frame: bulk, first, 16384 bytes
  frame: bulk, last, 7249 bytes
  frame: control, first, last, 22 bytes
  reader: direct
  reader: ping
! frame: bulk, first, 16384 bytes before frame: control, first, last, 22 bytes
! frame: control, first, last, 22 bytes before frame: bulk, last, *
! reader: ping
! reader: direct
