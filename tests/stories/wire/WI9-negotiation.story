# WI9 a negotiation that is not of its form is refused

stage wire
show negotiation

> the text {"type":"knock"} is taken for a negotiation
  negotiation: {"type":"knock"}
! negotiation: {"type":"knock"}
> the text {"type":"signal","connection":"cccccccccccccccccccccccccccccccc","data":"x"} is taken for a negotiation
  negotiation: {"type":"signal","connection":"cccccccccccccccccccccccccccccccc","data":"x"}
! negotiation: {"type":"signal","connection":"cccccccccccccccccccccccccccccccc","data":"x"}
> the text {"type":"signal","connection":"c","data":"x"} is taken for a negotiation
  negotiation: refused: no such connection
! negotiation: refused: no such connection
> the text {"type":"signal","connection":5} is taken for a negotiation
  negotiation: refused: not a signal
! negotiation: refused: not a signal
> the text not json is taken for a negotiation
  negotiation: refused: not JSON
! negotiation: refused: not JSON
> the text 48 KiB is taken for a negotiation
  negotiation: refused: signal too long
! negotiation: refused: signal too long
