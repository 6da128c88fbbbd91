// What git and sops are both given: who the user is to them, where GnuPG's agent finds its terminal or window to ask in, and how the network is left.
const exactNames = new Set([
  'HOME',
  'TMPDIR',
  'TERM',
  'GNUPGHOME',
  'GPG_TTY',
  // pinentry, askpass and keyring helpers
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'DBUS_SESSION_BUS_ADDRESS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
])
const proxyVariable = /^(https?|all|no|ftp)_proxy$/i

/** Whether a variable of the user's goes on to every program that may sign, open or ask a network. None of them is a secret or chooses a recipient. */
export function isPassedOn(name: string): boolean {
  return exactNames.has(name) || proxyVariable.test(name)
}
