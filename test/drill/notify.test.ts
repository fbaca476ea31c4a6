/** A host dies in the simulated cloud, and people are told by every kind of channel, although three senders are at it at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDrill } from '#cli/drill/drill.ts';
import { DEFAULTS } from '#cli/drill/options.ts';
import { silentLog } from '#cli/output.ts';
import { notify } from '#functions/notify.ts';
import { notifier } from '#shared/adapters/notify/notifier.ts';
import { type Policy, policySchema } from '#shared/domain/policy.ts';
import type { Services } from '#shared/services.ts';
import { serve, type TestServer } from '#test/adapters/server.ts';
import { type Mailbox, startMailbox } from '#test/notify/mailbox.ts';
import { secretsOf } from '#test/notify/support.ts';
import { nobody } from './nobody.ts';

const HTTP = ['webhook', 'slack', 'teams', 'pagerduty', 'sns'] as const;
const WITHIN_MS = 20_000;
let server: TestServer;
let mailbox: Mailbox;
const before = { ...process.env };

beforeAll(async () => {
  server = await serve(({ path }) =>
    path === '/'
      ? {
          headers: { 'content-type': 'text/xml' },
          body: '<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>',
        }
      : { status: 202 },
  );
  mailbox = await startMailbox({});
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SNS: server.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterAll(async () => {
  process.env = { ...before };
  await server.close();
  await mailbox.close();
});

const told = (channel: (typeof HTTP)[number]): readonly string[] =>
  server.requests
    .filter(({ path }) => path === (channel === 'sns' ? '/' : `/${channel}`))
    .map(({ body }) => (channel === 'sns' ? decodeURIComponent(body.replaceAll('+', ' ')) : body));
const isOpened = (text: string): boolean => text.includes('is said to be down');
const isClosed = (text: string): boolean => text.includes('all instances are recovered');

/** The alert of PagerDuty ends by its key alone. */
const isResolved = (text: string): boolean => isClosed(text) || JSON.parse(text).event_action === 'resolve';

function withChannels(policy: Policy): Policy {
  const [name] = policy.segments.map((segment) => segment.name);
  const channels = {
    webhook: { type: 'webhook', credentials: 'webhook' },
    slack: { type: 'slack', credentials: 'slack' },
    teams: { type: 'teams', credentials: 'teams' },
    pagerduty: { type: 'pagerduty', credentials: 'pagerduty', url: `${server.url}/pagerduty` },
    sns: { type: 'sns', topicArn: 'arn:aws:sns:eu-west-1:123456789012:salvor' },
    mail: {
      type: 'email',
      host: '127.0.0.1',
      port: mailbox.port,
      tls: 'none',
      from: 'salvor@a.test',
      to: ['ops@a.test'],
    },
  };
  const routes = [{ channels: Object.keys(channels), segments: [name] }];
  return policySchema.parse({ ...policy, notify: { consoleUrl: 'https://salvor.test', channels, routes } });
}

it('tells each of an incident that opened, and of its end, once', { timeout: 120_000 }, async () => {
  const secrets = secretsOf({
    ...Object.fromEntries(HTTP.map((channel) => [channel, { url: `${server.url}/${channel}` }])),
    pagerduty: { routingKey: 'routing' },
  });
  let given: Services | undefined;
  const stop = new AbortController();
  const others: Promise<void>[] = [];
  const another = async (services: Services): Promise<void> => {
    while (!stop.signal.aborted) {
      await notify(services);
      await pause(50);
    }
  };
  const all = () => [...HTTP.map(told), mailbox.mails.map(({ text }) => text)];
  const result = await runDrill(
    {
      ...DEFAULTS,
      instances: 6,
      graceSeconds: 1,
      evacuationSeconds: 0.3,
      until: async () => {
        const endMs = Date.now() + WITHIN_MS;
        while (all().some((texts) => texts.length < 3) && Date.now() < endMs) await pause(50);
        // Whatever would come twice has its chance.
        await pause(500);
        stop.abort();
        await Promise.all(others);
      },
    },
    nobody,
    silentLog,
    {
      outside: (services) => ({ ...services, policy: withChannels(services.policy), notifier: notifier(secrets) }),
      inside: (services) => {
        given = services;
        others.push(another(services), another(services));
        return services;
      },
    },
  );
  expect(result.ended).toBe('recovered');
  expect(given).toBeDefined();
  for (const channel of HTTP) {
    const texts = told(channel);
    expect(texts.filter(isOpened), channel).toHaveLength(1);
    expect(texts.filter(channel === 'pagerduty' ? isResolved : isClosed), channel).toHaveLength(1);
    expect(texts.findIndex(isOpened), channel).toBe(0);
    expect(texts[0], channel).toContain(`/console/incidents/${result.incidentId}`);
  }
  const mails = mailbox.mails.map(({ text }) => text.replaceAll('=\r\n', ''));
  expect(mails.filter(isOpened)).toHaveLength(1);
  expect(mails.filter(isClosed)).toHaveLength(1);
});
