import * as z from 'zod';
import { name, seconds } from './policy-values.ts';

/** Whom salvor tells of what becomes of a host, and by what. No secrets: `credentials` names one. */

/** What a notice is about. The end of whatever was told goes to whoever was told of it, whatever the routes say. */
export const noticeKind = z.enum([
  'opened',
  'held',
  'needs-a-person',
  'fenced',
  'person-acted',
  'closed',
  'instance',
  'process',
  'alarm',
]);
export type NoticeKind = z.infer<typeof noticeKind>;

/** From what can wait until the morning to what wakes people. */
export const severity = z.enum(['info', 'warning', 'critical']);
export type Severity = z.infer<typeof severity>;

const address = z.string().regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'a bare address, such as ops@example.org');

/**
 * Whose channel it is, by the name of `access.people`: what needs an approval then comes with a link by which whoever reads it
 * can give that, in this person's name.
 */
const person = z.string().min(1).max(255).optional();

const channel = z.discriminatedUnion('type', [
  /** JSON by POST to the `url` of the secret, signed where that has a `key`. */
  z.strictObject({ type: z.literal('webhook'), credentials: name, person }),
  /** An incoming webhook of Slack: its `url` is the secret. */
  z.strictObject({ type: z.literal('slack'), credentials: name, person }),
  /** A workflow of Teams that posts what a webhook receives: its `url` is the secret. */
  z.strictObject({ type: z.literal('teams'), credentials: name, person }),
  /** Events API v2: `routingKey` of the secret. */
  z.strictObject({
    type: z.literal('pagerduty'),
    credentials: name,
    /** Of the European service region: https://events.eu.pagerduty.com/v2/enqueue. */
    url: z.url({ protocol: /^https?$/ }).default('https://events.pagerduty.com/v2/enqueue'),
  }),
  /** SMTP; `user` and `password` of the secret, where the server asks for them. */
  z.strictObject({
    type: z.literal('email'),
    host: z.string().min(1).max(255),
    port: z.int().min(1).max(65_535).default(587),
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
    from: address,
    to: z.array(address).min(1).max(50),
    credentials: name.optional(),
    person,
  }),
  /** With the credentials of the AWS SDK where it runs; in a stack with the role of the function. */
  z.strictObject({
    type: z.literal('sns'),
    topicArn: z.string().regex(/^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$/, 'the ARN of an SNS topic'),
  }),
]);
export type Channel = z.infer<typeof channel>;

const route = z.strictObject({
  channels: z.array(name).min(1).max(20),
  /** All of them, unless given. */
  kinds: z.array(noticeKind).min(1).optional(),
  minSeverity: severity.default('info'),
  /** Only what is about these; alarms, which are about all of salvor, then not. */
  segments: z.array(name).min(1).optional(),
});
export type Route = z.infer<typeof route>;

/** A notice is put into the queues of its channels by one transaction, which DynamoDB takes up to 100 items in. */
const MOST_CHANNELS = 90;

const heartbeat = z.strictObject({
  /** Its `url` is the secret. */
  credentials: name,
  everySeconds: seconds(10, 3600).default(60),
  method: z.enum(['POST', 'GET']).default('POST'),
});
export type Heartbeat = z.infer<typeof heartbeat>;

const approvals = z.strictObject({
  /** The secret whose `key` signs the links. */
  key: name,
  /** From the notice on. */
  validSeconds: seconds(60, 86_400).default(3600),
});

export const notify = z
  .strictObject({
    /** Where people reach the console, for links to incidents: https://salvor.example.org. */
    consoleUrl: z.url({ protocol: /^https?$/ }).optional(),
    channels: z.record(name, channel).default({}),
    routes: z.array(route).max(100).default([]),
    /** The dead-man's signal: sent only while salvor can do its work. */
    heartbeat: heartbeat.optional(),
    /** Approvals by expiring signed links. */
    approvals: approvals.optional(),
    /** A host that a guard holds for so long is told of: most holds end by themselves once Nova sees the host down. */
    heldSeconds: seconds(0, 3600).default(120),
    /** So many hosts of a segment (or instances of it) that are in trouble within ten minutes are told of together. */
    togetherFrom: z.int().min(2).max(1000).default(5),
    /** What could not be delivered for so long is given up. */
    giveUpSeconds: seconds(60, 7 * 86_400).default(86_400),
  })
  .superRefine(({ channels, routes }, context) => {
    if (Object.keys(channels).length > MOST_CHANNELS)
      context.addIssue({ code: 'custom', path: ['channels'], message: `${MOST_CHANNELS} channels at most` });
    for (const [index, { channels: named }] of routes.entries())
      for (const each of named)
        if (!Object.hasOwn(channels, each))
          context.addIssue({
            code: 'custom',
            path: ['routes', index, 'channels'],
            message: `there is no channel ${each}`,
          });
    const used = new Set(routes.flatMap((each) => each.channels));
    for (const each of Object.keys(channels))
      if (!used.has(each))
        context.addIssue({ code: 'custom', path: ['channels', each], message: 'no route leads to this channel' });
  });
export type Notify = z.infer<typeof notify>;

interface Around {
  readonly notify?: Notify | undefined;
  readonly segments: readonly { readonly name: string }[];
  readonly access?: { readonly people?: Readonly<Record<string, { readonly role: string }>> | undefined } | undefined;
}

/** What does not fit the rest of the policy: where, and what is wrong. */
export function notifyFaults({
  notify: settings,
  segments,
  access,
}: Around): readonly (readonly [path: readonly (string | number)[], message: string])[] {
  if (settings === undefined) return [];
  const { routes, channels, approvals: links, consoleUrl } = settings;
  const routed = routes.flatMap(({ segments: named = [] }, index) =>
    named
      .filter((each) => !segments.some((segment) => segment.name === each))
      .map((each) => [['routes', index, 'segments'], `there is no segment ${each}`] as const),
  );
  const people = Object.entries(channels).flatMap(([each, made]) => {
    if (!('person' in made) || made.person === undefined) return [];
    const wrong = (message: string) => [[['channels', each, 'person'], message] as const];
    if (links === undefined) return wrong('without notify.approvals it gets no link');
    if (consoleUrl === undefined) return wrong('without notify.consoleUrl a link leads nowhere');
    const { role } = access?.people?.[made.person] ?? {};
    return role === 'approver' ? [] : wrong(`access.people has no approver ${made.person}`);
  });
  return [...routed, ...people];
}
