import type { HostEvent } from '#events/host-event.ts';
import { fits } from '#shared/pattern.ts';
import type { Policy } from './policy.ts';
import { OWN_HOST, OWN_NAMES, type ReporterRules } from './policy-reporters.ts';

/** Who speaks, as it was authenticated where it came in: never as the message says. */
export interface Reporter {
  /** What its words count under: a key of the policy's `reporters`, or what stands in for one. */
  readonly name: string;
  /** The one host that it is; null for who is no host. */
  readonly host: string | null;
  /** Who speaks for it: a key of the policy's `reporters`, whose scope and limits hold. */
  readonly relay?: string;
  /** Salvor itself has let it in, named it and counted its words. */
  readonly letIn?: true;
}

/**
 * Whose messages are believed to say themselves whose word they carry: everybody's, where only programs of this machine
 * can send, or those of these principals, which are salvor's own.
 */
export type TrustedSenders = 'everybody' | { readonly principals: readonly string[] };

const rulesOf = ({ reporters }: Pick<Policy, 'reporters'>, reporter: Reporter): ReporterRules | undefined => {
  const name = behind(reporter);
  return reporters !== undefined && Object.hasOwn(reporters, name) ? reporters[name] : undefined;
};

/** Who answers for its words. */
export const behind = ({ name, relay }: Reporter): string => relay ?? name;

/** What the name of a principal begins with that no reporter of the policy is. */
const AWS_NAME = 'aws:';

/**
 * The reporter of a message that came into the queue. Who is believed has seen to it already that a host speaks of itself
 * only: the host that it names is the one that spoke.
 * @param senderId of SQS: `AIDA…` for an IAM user, `AROA…:session` for a role (API reference, Message, "SenderId").
 */
export function senderOf(
  senderId: string | undefined,
  { source, reporter, relay, data }: Pick<HostEvent, 'source' | 'reporter' | 'relay' | 'data'>,
  trusted: TrustedSenders,
  { reporters }: Pick<Policy, 'reporters'>,
): Reporter {
  const [principal = '', session] = (senderId ?? '').split(':');
  const isTrusted = trusted === 'everybody' || trusted.principals.includes(principal);
  if (isTrusted)
    return {
      name: reporter ?? source,
      host: data.host,
      ...(relay === undefined ? {} : { relay }),
      ...(reporter === undefined ? {} : { letIn: true }),
    };
  const entries = Object.entries(reporters ?? {});
  // One session of a role comes before the role.
  for (const identity of [senderId, principal])
    for (const [name, rules] of entries)
      if (rules.awsPrincipals?.some((each) => each === identity))
        return {
          ...(rules.relay ? { name: reporter ?? source, relay: name } : { name }),
          host: session ?? null,
        };
  return { name: `${AWS_NAME}${principal}`, host: null };
}

/**
 * The reporter that a Keystone user is; undefined when the policy names none. A user of its own comes before one of which
 * there is one for each host.
 * @param users what the policy may call the user: `name@domain`
 */
export function keystoneReporter(
  users: readonly string[],
  { reporters = {} }: Pick<Policy, 'reporters'>,
): Reporter | undefined {
  const entries = Object.entries(reporters);
  const named = entries.find(([, { keystoneUsers = [] }]) => keystoneUsers.some((each) => users.includes(each)));
  if (named !== undefined) return { name: named[0], host: null };
  // Of templates that fit, the one that says most of the name: whatever the order, a user is one host.
  const fitting = entries.flatMap(([name, { keystoneUsers = [] }]) =>
    keystoneUsers.flatMap((template) => users.map((user) => ({ name, template, host: hostBy(template, user) }))),
  );
  const best = fitting
    .filter(({ host }) => host !== undefined)
    .reduce<(typeof fitting)[number] | undefined>(
      (most, each) => (most === undefined || each.template.length > most.template.length ? each : most),
      undefined,
    );
  return best?.host === undefined ? undefined : { name: best.name, host: best.host };
}

/** The host that the user is by `masakari-{host}@Default`. */
function hostBy(template: string, user: string): string | undefined {
  const [before = '', after] = template.split(OWN_HOST);
  const isIt =
    after !== undefined &&
    user.startsWith(before) &&
    user.endsWith(after) &&
    user.length > before.length + after.length;
  return isIt ? user.slice(before.length, user.length - after.length) : undefined;
}

/** Whether the policy lets it speak of some hosts only, or say some things only. */
export function isScoped(reporter: Reporter, policy: Pick<Policy, 'reporters'>): boolean {
  const { self, hosts, segments, events } = rulesOf(policy, reporter) ?? {};
  return self === true || [hosts, segments, events].some((limit) => limit !== undefined);
}

/** Why it may not say this, in words; undefined when it may. What no rule is about, may speak of every host. */
export function outOfScope(
  reporter: Reporter,
  event: HostEvent,
  policy: Pick<Policy, 'reporters'>,
): string | undefined {
  if (isBorrowed(reporter, policy)) return 'it may not speak in the name of another reporter';
  const { host } = reporter;
  const rules = rulesOf(policy, reporter);
  if (rules === undefined) return undefined;
  const { self, hosts, events } = rules;
  if (events !== undefined && !events.includes(event.type)) return `it may not say ${event.type}`;
  if (self && event.data.host !== host) return 'it may speak of itself only';
  if (hosts !== undefined && !hosts.some((each) => fits(event.data.host, each)))
    return `it may speak of ${hosts.join(', ')} only`;
  return undefined;
}

/** Whether a relay gives a name that only salvor gives, so that one source would count as two or as another's. */
const isBorrowed = ({ name, relay }: Reporter, { reporters = {} }: Pick<Policy, 'reporters'>): boolean =>
  relay !== undefined &&
  name !== relay &&
  (Object.hasOwn(reporters, name) || OWN_NAMES.includes(name) || name.startsWith(AWS_NAME));

/** The same of the segment that the host is in, which a reading of the mirror tells. */
export function outOfSegments(
  reporter: Reporter,
  segment: string | null,
  policy: Pick<Policy, 'reporters'>,
): string | undefined {
  const { segments } = rulesOf(policy, reporter) ?? {};
  if (segments === undefined || (segment !== null && segments.includes(segment))) return undefined;
  return `it may speak of hosts in ${segments.join(', ')} only`;
}

/** How many events a minute, and of whom they are counted together. */
export function rateOf(
  reporter: Reporter,
  policy: Pick<Policy, 'reporters'>,
): { readonly key: string; readonly perMinute: number } {
  const rules = rulesOf(policy, reporter);
  return {
    key: rules?.self ? `${reporter.name}/${reporter.host}` : behind(reporter),
    perMinute: rules?.maxEventsPerMinute ?? DEFAULT_PER_MINUTE,
  };
}

/** What the subject of a parked message begins with whose reporter might not say it. */
export const REFUSED_SUBJECT = 'reporter ';

/** As the policy's default for those that it names. */
const DEFAULT_PER_MINUTE = 6000;
