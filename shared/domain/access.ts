import type { AccountEnd, EndpointCertificate } from '#shared/ports.ts';
import { isNear, whenItEnds } from './ending.ts';

/** What lets salvor into its cloud, and lets others in to salvor, as it was seen last. Times are Unix ms. */
export interface Access {
  readonly certificates: readonly KnownCertificate[];
  readonly account: KnownAccount | null;
  /** When every service and the account were asked last; null before that. */
  readonly askedAtMs: number | null;
}

interface KnownCertificate extends EndpointCertificate {
  /** To within a day. */
  readonly seenAtMs: number;
}

interface KnownAccount extends AccountEnd {
  /** Why Keystone does not take it; null while it does. */
  readonly refused: string | null;
}

/** Between two times that every service is asked for something small, so that each shows its certificate. */
const ASK_EVERY_MS = 3_600_000;
const SEEN_MS = 86_400_000;
/** An address that nobody has called for so long is not in use any more. */
const FORGET_MS = 30 * 86_400_000;

/** Credentials that are refused are tried again in each run: somebody may have put them right. */
export const isToAsk = (before: Access | undefined, nowMs: number): boolean =>
  before === undefined ||
  before.askedAtMs === null ||
  before.account?.refused != null ||
  nowMs - before.askedAtMs >= ASK_EVERY_MS;

/** What was seen in one run. */
export interface AccessSight {
  readonly certificates: readonly EndpointCertificate[];
  /** Undefined when nobody was asked, or nobody answered; the text is why the credentials are refused. */
  readonly account: AccountEnd | { readonly refused: string } | undefined;
  /** Every service was asked. */
  readonly asked: boolean;
}

/** Undefined when nothing is to be written. */
export function nextAccess(before: Access | undefined, sight: AccessSight, nowMs: number): Access | undefined {
  const known = new Map(before?.certificates.map((each) => [each.address, each]));
  for (const { of: name, address, expiresAtMs } of sight.certificates) {
    const seen = known.get(address);
    // While Keystone gives no token, nobody knows the names of the others.
    const of = name === address ? (seen?.of ?? name) : name;
    const isSame = seen?.of === of && seen.expiresAtMs === expiresAtMs && nowMs - seen.seenAtMs < SEEN_MS;
    if (!isSame) known.set(address, { of, address, expiresAtMs, seenAtMs: nowMs });
  }
  const next: Access = {
    certificates: [...known.values()].filter(({ seenAtMs }) => nowMs - seenAtMs < FORGET_MS),
    account: accountOf(before?.account ?? null, sight.account),
    askedAtMs: sight.asked ? nowMs : (before?.askedAtMs ?? null),
  };
  return JSON.stringify(next) === JSON.stringify(before) ? undefined : next;
}

/** An end that was told once is believed while nobody tells another. */
function accountOf(before: KnownAccount | null, seen: AccessSight['account']): KnownAccount | null {
  if (seen === undefined) return before;
  if ('refused' in seen) {
    const { refused } = seen;
    return { of: 'the account', endsAtMs: null, untold: 'it is refused', ...before, refused };
  }
  const isKept = seen.untold !== null && before !== null && before.endsAtMs !== null;
  return isKept ? { ...before, refused: null } : { ...seen, refused: null };
}

/** What will fail, or has, in words. */
export interface Ending {
  readonly what: 'certificate' | 'credentials';
  readonly of: string;
  readonly says: string;
  readonly isOver: boolean;
}

export interface Within {
  readonly certificateDays: number;
  readonly credentialDays: number;
}

export function endingsOf({ certificates, account }: Access, within: Within, nowMs: number): readonly Ending[] {
  return [
    ...certificates.flatMap(({ of, address, expiresAtMs }): readonly Ending[] => {
      if (!isNear(expiresAtMs, within.certificateDays, nowMs)) return [];
      const says = `the certificate of ${address} ${whenItEnds('expire', expiresAtMs, nowMs)}: renew it there`;
      const rest = of === OWN ? ', and start salvor again: it is read at the start' : '';
      return [{ what: 'certificate', of, says: `${says}${rest}`, isOver: expiresAtMs < nowMs }];
    }),
    ...(account === null ? [] : accountEndings(account, within.credentialDays, nowMs)),
  ];
}

/** The name of salvor's own HTTP endpoint among those that show certificates. */
export const OWN = 'salvor';
const RENEW = 'make a new one, and put it where salvor has its cloud from';

function accountEndings({ of, endsAtMs, refused }: KnownAccount, days: number, nowMs: number): readonly Ending[] {
  const ending = { what: 'credentials', of: 'keystone' } as const;
  if (refused !== null) return [{ ...ending, says: `refuses ${of}: ${refused}`, isOver: true }];
  if (!isNear(endsAtMs, days, nowMs)) return [];
  return [{ ...ending, says: `${of} ${whenItEnds('end', endsAtMs, nowMs)}: ${RENEW}`, isOver: endsAtMs < nowMs }];
}
