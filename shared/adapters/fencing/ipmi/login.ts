import { PermanentError } from '#shared/errors.ts';
import { CIPHER_SUITES, type CipherSuite, type CipherSuiteId } from './cipher-suites.ts';
import type { UserKeys } from './keys.ts';
import { PRIVILEGE } from './rakp.ts';

export interface Account {
  /** 16 bytes at most. */
  readonly username: string;
  /** 20 bytes at most. */
  readonly password: string;
  /** The BMC's own key (Kg), where one is set: a text, or `0x` and hexadecimal digits; 20 bytes at most. */
  readonly kg?: string;
  /** The one that is spoken, and no other. 17 if absent. */
  readonly cipherSuite?: CipherSuiteId;
  /** What the session is raised to before a power-off. `operator` if absent, the least that may do it (28.3). */
  readonly privilege?: 'operator' | 'administrator';
}

/** An account in the form that the protocol speaks of it. */
export interface Login {
  readonly username: Buffer;
  readonly keys: UserKeys;
  readonly suite: CipherSuite;
  /** 6.8 */
  readonly level: number;
}

const LONGEST_NAME = 16;
const LONGEST_KEY = 20;

/** @throws PermanentError when a part is longer than the protocol takes, or the key is none. It tells none of them. */
export function loginOf(account: Account): Login {
  const username = bytesOf(account.username, LONGEST_NAME, 'username');
  const user = bytesOf(account.password, LONGEST_KEY, 'password');
  const bmc = account.kg === undefined ? undefined : bmcKey(account.kg);
  return {
    username,
    keys: bmc === undefined ? { user } : { user, bmc },
    suite: CIPHER_SUITES[account.cipherSuite ?? 17],
    level: PRIVILEGE[account.privilege ?? 'operator'],
  };
}

function bmcKey(kg: string): Buffer {
  if (!kg.startsWith('0x')) return bytesOf(kg, LONGEST_KEY, 'kg');
  if (!/^0x([0-9a-f]{2}){1,20}$/i.test(kg))
    throw new PermanentError('the kg of an IPMI device is not 0x and up to 40 hexadecimal digits');
  return Buffer.from(kg.slice(2), 'hex');
}

function bytesOf(text: string, longest: number, what: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > longest) throw new PermanentError(`the ${what} of an IPMI device is longer than ${longest} bytes`);
  return bytes;
}
