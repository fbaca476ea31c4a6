import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** What the kernel has for a process that no login has begun (proc(5), `/proc/pid/loginuid`). */
const NO_LOGIN = 4_294_967_295;

/**
 * Whose login this is. Where Linux has it, the uid by which the person has come in, which `sudo` and `su` leave as it is and
 * only the kernel's audit may change; else that of this process, which they do change.
 */
export function loginHere(): string {
  const login = loginUid();
  return `uid ${login ?? userInfo().uid}`;
}

function loginUid(): number | undefined {
  try {
    const uid = Number(readFileSync('/proc/self/loginuid', 'utf8').trim());
    return Number.isInteger(uid) && uid !== NO_LOGIN ? uid : undefined;
  } catch {
    return undefined;
  }
}
