import logo from '../logo.svg'

export function Wordmark() {
  return (
    <span class="wordmark">
      <img src={logo} alt="" width="28" height="28" />
      Skein
    </span>
  )
}
