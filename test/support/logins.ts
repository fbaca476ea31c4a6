import { readFileSync } from 'node:fs';

/** Begins a login as `login` and `sshd` do (pam_loginuid(8)): who has none yet may say it, and keeps it through `sudo`. */
const LOG_IN = 'echo "$0" >/proc/self/loginuid && exec "$@"';
/** What the kernel has for a process that no login has begun (proc(5)). */
const NONE = '4294967295';

/** Whether a program can be run here as by somebody who came in with another login: not where this one has a login itself. */
export function canLogIn(): boolean {
  try {
    return readFileSync('/proc/self/loginuid', 'utf8').trim() === NONE;
  } catch {
    return false;
  }
}

/** The program, run by a person who came in with the login `uid`, and by `sudo` has the rights of whoever runs this. */
export const asLogin = (uid: number, ...program: readonly string[]) =>
  ['/bin/sh', ['-c', LOG_IN, String(uid), ...program]] as const;
