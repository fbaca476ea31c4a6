import type { AccountReading } from '#shared/ports.ts';
import type { Result } from '../answers.ts';
import { accountSchema, accountServiceSchema, collectionSchema, type ManagerAccount, rootSchema } from './schema.ts';
import type { Visit } from './visit.ts';

/** Boards have 10 to 16 places for accounts; the names of most say nothing. */
const MOST_ACCOUNTS = 32;

const untold = (why: string): AccountReading => ({ endsAtMs: null, trouble: null, untold: why });

/**
 * What the device's AccountService tells of the account by which it is asked (DSP0268, ManagerAccount). It may be denied: an
 * account that may only look after itself sees no other, and one from a directory is none of the device's.
 */
export async function readOwnAccount(visit: Visit, username: string): Promise<AccountReading> {
  const accounts = await accountLinks(visit, username);
  if (accounts.kind !== 'ok') return untold(accounts.detail);
  for (const link of accounts.value) {
    const account = await visit.get(link, accountSchema);
    if (account.kind === 'ok' && account.value.UserName === username) return readingOf(account.value, Date.now());
    if (account.kind === 'failed') return untold(account.detail);
  }
  return untold(`none of its accounts that may be read is ${username}`);
}

/** Where the account's name is its link's, as OpenBMC has it, that one first. */
async function accountLinks(visit: Visit, username: string): Promise<Result<readonly string[]>> {
  const root = await visit.get('/redfish/v1/', rootSchema);
  if (root.kind !== 'ok') return root;
  const link = root.value.AccountService?.['@odata.id'];
  if (link === undefined) return { kind: 'refused', detail: 'the device has no AccountService' };
  const service = await visit.get(link, accountServiceSchema);
  if (service.kind !== 'ok') return service;
  const accounts = await visit.get(service.value.Accounts['@odata.id'], collectionSchema);
  if (accounts.kind !== 'ok') return accounts;
  const links = accounts.value.Members.map((member) => member['@odata.id']).slice(0, MOST_ACCOUNTS);
  const own = `/${encodeURIComponent(username)}`;
  return { kind: 'ok', value: links.sort((a, b) => Number(b.endsWith(own)) - Number(a.endsWith(own))) };
}

function readingOf(account: ManagerAccount, nowMs: number): AccountReading {
  const { PasswordExpiration, AccountExpiration, PasswordChangeRequired, Locked, Enabled } = account;
  // An end that is past, of an account that was taken this moment, is none: clocks of boards start anew, and some write
  // "never" as a date.
  const ends = [PasswordExpiration, AccountExpiration]
    .map((text) => Date.parse(text ?? ''))
    .filter((endsAtMs) => endsAtMs > nowMs);
  const troubles = [
    ...(PasswordChangeRequired === true ? ['its password must be changed'] : []),
    ...(Locked === true ? ['it is locked'] : []),
    ...(Enabled === false ? ['it is disabled'] : []),
  ];
  return {
    endsAtMs: ends.length === 0 ? null : Math.min(...ends),
    trouble: troubles.length === 0 ? null : troubles.join(' and '),
    untold: null,
  };
}
