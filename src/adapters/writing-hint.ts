/** What to do about a temporary file or folder that could not be written, by the system's error code. */
export function writingHint(code: string): string {
  switch (code) {
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
      return 'a file stands where a folder is needed, or the other way round'
    case 'ENOENT':
      return 'make that folder, or let TMPDIR name one that is there'
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return 'let TMPDIR name a folder that you may write to'
    case 'EFBIG':
      return 'a file must not grow that large here (`ulimit -f`): lift the limit'
    default:
      return 'free some space there, or let TMPDIR name another folder'
  }
}
