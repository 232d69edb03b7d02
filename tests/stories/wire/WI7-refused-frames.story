# WI7 a frame that does not fit is refused with a reason

stage wire
show joiner

> the frame 08 01 comes
  joiner: refused: unknown frame header
! joiner: refused: unknown frame header
> the frame 06 comes
  joiner: refused: empty message
! joiner: refused: empty message
> the frame 00 01 comes
  joiner: refused: a piece without its beginning
! joiner: refused: a piece without its beginning
> the frame 02 00 00 80 00 comes
  joiner: refused: a first piece that is not full
! joiner: refused: a first piece that is not full
> the frame 02 00 20 00 01 full comes
  joiner: refused: message too long
! joiner: refused: message too long
> the frames 02 00 00 80 00 full, then 02 00 00 80 00 full come
  joiner: refused: a message began inside another
  joiner: taken
! joiner: refused: a message began inside another
> the frames 02 00 00 80 00 full, then 04 01 come
  joiner: refused: pieces do not add up
  joiner: taken
! joiner: refused: pieces do not add up
