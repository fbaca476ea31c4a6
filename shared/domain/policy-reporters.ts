import * as z from 'zod';
import { HOST_EVENT_TYPES } from '#events/host-event.ts';
import { name, seconds } from './policy-values.ts';

/** The keys of the policy that say who may report what. */

const pattern = z.string().min(1).max(255);

const reporter = z.strictObject({
  /** Name of the secret whose `token` it sends (`Authorization: Bearer`); `previousToken` is taken too, while tokens change. */
  token: name.optional(),
  /** Name of the secret whose `key` each host's own token is made from (`salvor token`); `previousKey` is taken too. */
  hostTokens: name.optional(),
  /** Users that call the Masakari API: `name@domain`, by their names. With `self` each host has its own: `{host}` in it. */
  keystoneUsers: z
    .array(z.string().regex(/^[^@]+@[^@]+$/, 'a user and its domain: masakari@Default'))
    .min(1)
    .optional(),
  /** Who sends to the queue itself: unique id of an IAM user or role, with `:session` for one session of a role. */
  awsPrincipals: z
    .array(z.string().regex(/^[A-Z0-9]{12,128}(:[\w+=,.@-]{2,64})?$/, 'a unique id of IAM, such as AROAEXAMPLEID'))
    .min(1)
    .optional(),
  /** It speaks for others: each `source` that it names is a reporter of its own, for all of whom its limits hold together. */
  relay: z.boolean().default(false),
  /** Each host that it stands for may speak of itself only. */
  self: z.boolean().default(false),
  /** Of hosts in these segments only. */
  segments: z.array(name).min(1).optional(),
  /** Of hosts with these names only; `*` stands for any text. */
  hosts: z.array(pattern).min(1).optional(),
  /** What it may say; everything by default. */
  events: z.array(z.enum(HOST_EVENT_TYPES)).min(1).optional(),
  /** Of one host that speaks for itself, or of the whole reporter. More is refused. */
  maxEventsPerMinute: z.int().min(1).max(1_000_000).default(6000),
});

/** Stands in the name of a Keystone user for the host that the user is. */
export const OWN_HOST = '{host}';

/** Reporters that exist without an entry, which may have one for their limits. */
export const OWN_NAMES: readonly string[] = ['nova', 'heartbeat', 'process-monitor', 'masakari'];

/** What salvor looks for by itself: hosts of which Nova hears nothing, and heartbeats that cease. */
export const watch = z.strictObject({
  /** 0: for nothing. */
  everySeconds: z.int().min(0).max(60).default(5),
  /** Nova's list of compute services is looked at: a reporter named `nova`. */
  nova: z.boolean().default(true),
  /** A service that is behind the newest report of any by more than this is said to be down, before Nova says so. */
  staleSeconds: seconds(10, 3600).default(30),
});

/** By name. One name is one source, however many identities it has. */
export const reportersByName = z.record(name, reporter);

type Entries = z.infer<typeof reportersByName>;
export type ReporterRules = Entries[string];

/** Each fault with the reporter in which it is. */
export function* reporterFaults(
  entries: Entries,
  segments: readonly { readonly name: string }[],
): Generator<readonly [reporter: string, fault: string]> {
  const owners = new Map<string, string>();
  for (const [reporterName, entry] of Object.entries(entries)) {
    const identities = identitiesOf(entry);
    if (identities.length === 0 && !OWN_NAMES.includes(reporterName))
      yield [reporterName, 'nobody is it: give it token, hostTokens, keystoneUsers or awsPrincipals'];
    for (const identity of identities) {
      const owner = owners.get(identity);
      if (owner !== undefined) yield [reporterName, `${identity} is also ${owner}; an identity is one reporter`];
      owners.set(identity, reporterName);
    }
    const isShared = entry.token !== undefined || entry.keystoneUsers?.some((user) => !user.includes(OWN_HOST));
    if (entry.self && isShared)
      yield [reporterName, 'self: a shared token or user does not tell which host it is; see hostTokens and {host}'];
    if (!entry.self && entry.keystoneUsers?.some((user) => user.includes(OWN_HOST)))
      yield [reporterName, '{host} is for hosts that speak of themselves: set self to true'];
    if (entry.hostTokens !== undefined && !entry.self)
      yield [reporterName, 'hostTokens are for hosts that speak of themselves: set self to true'];
    if (entry.self && (entry.relay || entry.hosts !== undefined || entry.segments !== undefined))
      yield [reporterName, 'self says already of which host it may speak: leave out relay, hosts and segments'];
    for (const each of entry.segments ?? [])
      if (!segments.some((segment) => segment.name === each)) yield [reporterName, `there is no segment ${each}`];
  }
}

const identitiesOf = ({ token, hostTokens, keystoneUsers = [], awsPrincipals = [] }: ReporterRules) => [
  ...(token === undefined ? [] : [`token ${token}`]),
  ...(hostTokens === undefined ? [] : [`hostTokens ${hostTokens}`]),
  ...keystoneUsers.map((user) => `keystone user ${user}`),
  ...awsPrincipals.map((principal) => `principal ${principal}`),
];
