/** Each kind of channel against a server on this machine: what is sent, how each answer is taken, and that no secret comes back. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifier } from '#shared/adapters/notify/notifier.ts';
import { readApproval } from '#shared/domain/notify/approval.ts';
import type { Channel } from '#shared/domain/policy-notify.ts';
import { deadUrl, type Reply, serve, type TestServer } from '#test/adapters/server.ts';
import { aNotice, secretsOf } from './support.ts';

const TOKEN = 'T0/B0/very-secret-path';
let server: TestServer;
let reply: Reply = {};
beforeEach(async () => {
  reply = {};
  server = await serve(() => reply);
});
afterEach(() => server.close());

const CHANNELS = {
  webhook: { type: 'webhook', credentials: 'hook' },
  slack: { type: 'slack', credentials: 'hook' },
  teams: { type: 'teams', credentials: 'hook' },
  pagerduty: { type: 'pagerduty', credentials: 'pd', url: 'http://set-below' },
} as const satisfies Record<string, Channel>;
const NAMES = Object.keys(CHANNELS) as (keyof typeof CHANNELS)[];

const tell = (channel: Channel, notice = aNotice(), url = `${server.url}/services/${TOKEN}`) =>
  notifier(secretsOf({ hook: { url, key: 'a-signing-key' }, pd: { routingKey: TOKEN } })).tell(
    channel.type === 'pagerduty' ? { ...channel, url } : channel,
    notice,
  );
const sent = () => JSON.parse(server.requests.at(-1)?.body ?? 'null');

describe.each(NAMES)('%s', (name) => {
  const channel = CHANNELS[name];

  it('is taken by any status of 2xx, and is one request', async () => {
    reply = { status: 202 };
    expect(await tell(channel)).toMatchObject({ kind: 'taken' });
    expect(server.requests.map(({ method }) => method)).toEqual(['POST']);
  });

  it.each([
    [400, true],
    [413, true],
    [401, false],
    [404, false],
    [410, false],
    [429, false],
    [500, false],
    [503, false],
  ])('answered %i is a refusal of the notice: %s', async (status, isRefusal) => {
    reply = { status, body: 'no' };
    expect(await tell(channel)).toMatchObject({
      kind: 'failed',
      isRefusal,
      detail: expect.stringContaining(`${status}`),
    });
  });

  it('waits as long as it is told to', async () => {
    reply = { status: 429, headers: { 'retry-after': '30' } };
    expect(await tell(channel)).toMatchObject({ kind: 'failed', retryAfterSeconds: 30 });
  });

  it('has no secret in what it tells of a failure', async () => {
    const key = name === 'pagerduty' ? '' : 'a-signing-key';
    reply = { status: 400, body: `bad: /services/${TOKEN} and ${key} and ${TOKEN}` };
    expect(JSON.stringify(await tell(channel))).not.toMatch(/very-secret-path|a-signing-key/);
    expect(JSON.stringify(await tell(channel, aNotice(), `${await deadUrl()}/${TOKEN}`))).not.toContain('very-secret');
    reply = 'drop';
    expect(await tell(channel)).toMatchObject({ kind: 'failed', isRefusal: false });
  });

  it('tells the title, and leads to the incident', async () => {
    await tell(channel);
    expect(JSON.stringify(sent())).toContain('compute-1 is down and not recovered');
    expect(JSON.stringify(sent())).toContain('/console/incidents/incident-1');
    await tell(channel, aNotice({ link: null }));
    expect(JSON.stringify(sent())).not.toContain('/console/');
  });
});

describe('a webhook', () => {
  it('is given the notice with its id, signed', async () => {
    await tell(CHANNELS.webhook);
    const [request] = server.requests;
    const body = request?.body ?? '';
    expect(JSON.parse(body)).toMatchObject({ version: 1, id: 'incident-1/held/4', kind: 'held', host: 'compute-1' });
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request?.headers['salvor-signature'])) ?? [];
    expect(v1).toBe(createHmac('sha256', 'a-signing-key').update(`salvor-notice.${t}.${body}`).digest('hex'));
  });
});

describe('Slack', () => {
  it('is given what a reporter said as text, not as a mention or a link', async () => {
    await tell(CHANNELS.slack, aNotice({ body: 'said <!channel> & <https://evil|ok>' }));
    expect(sent().blocks[0].text.text).toContain('said &lt;!channel&gt; &amp; &lt;https://evil|ok&gt;');
    expect(sent().blocks[0].text.verbatim).toBe(true);
  });

  it('shows the same where it shows no blocks', async () => {
    await tell(CHANNELS.slack, aNotice({ title: '<!channel> & co' }));
    expect(sent().text).toBe('&lt;!channel&gt; &amp; co');
  });

  it.each([0, 1, 2, 3, 4])(
    'is given no more than it takes, and no half of an escape (%i before it)',
    async (before) => {
      await tell(CHANNELS.slack, aNotice({ body: `${'x'.repeat(before)}${'&'.repeat(700)}` }));
      const { text } = sent().blocks[0].text;
      expect(text.length).toBeLessThanOrEqual(3000);
      expect(text.length).toBeGreaterThan(2990);
      expect(text).toMatch(/&amp;…$/);
    },
  );
});

describe('Teams', () => {
  it('is given an Adaptive Card in a message, as its workflows take it', async () => {
    await tell(CHANNELS.teams, aNotice({ body: 'said [ok](https://evil)' }));
    expect(sent()).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            body: [{ color: 'Attention' }, { text: 'said \\[ok\\](https://evil)' }, {}],
          },
        },
      ],
    });
  });
});

it('Teams shows a mark that was escaped by who said it as text too', async () => {
  await tell(CHANNELS.teams, aNotice({ body: 'said \\[ok\\](https://evil)' }));
  expect(sent().attachments[0].content.body[1].text).toBe('said \\\\\\[ok\\\\\\](https://evil)');
});

describe('PagerDuty', () => {
  it.each([
    ['open', 'trigger'],
    ['acknowledged', 'acknowledge'],
    ['over', 'resolve'],
  ] as const)('%s is %s, by one key for the incident', async (state, action) => {
    await tell(CHANNELS.pagerduty, aNotice({ state }));
    expect(sent()).toMatchObject({ routing_key: TOKEN, event_action: action, dedup_key: 'salvor/incident-1' });
  });

  it('has what a trigger needs', async () => {
    await tell(CHANNELS.pagerduty);
    expect(sent().payload).toMatchObject({
      summary: expect.any(String),
      source: 'compute-1',
      severity: 'critical',
      group: 'az1',
      class: 'held',
    });
  });
});

describe('a link to approve', () => {
  const approval = {
    act: 'release',
    incidentId: '00000000-0000-4000-8000-000000000000',
    hostKey: 'k',
    host: 'compute-1',
    gates: ['observer'],
    person: 'ann',
    expiresAtMs: 1,
    notice: 'n',
  } as const;
  const approve = { approval: { ...approval, gates: ['observer'] }, key: 'approvals', base: 'https://salvor.test' };
  const key = 'k'.repeat(32);
  const by = (channel: Channel, secrets: Record<string, Record<string, string>>) =>
    notifier(secretsOf({ hook: { url: server.url }, pd: { routingKey: TOKEN }, ...secrets })).tell(
      channel.type === 'pagerduty' ? { ...channel, url: server.url } : channel,
      aNotice({ approve, ask: { act: 'release', hostKey: 'k', gates: ['observer'] } }),
    );

  it.each(['webhook', 'slack', 'teams'] as const)('comes by %s, and nothing of its key', async (name) => {
    await by(CHANNELS[name], { approvals: { key } });
    const [, token = ''] = /https:\/\/salvor\.test\/approve\/([\w.-]+)/.exec(server.requests[0]?.body ?? '') ?? [];
    expect(readApproval(token, [key], 0)).toMatchObject({ kind: 'valid', approval });
    expect(server.requests[0]?.body).not.toMatch(/k{32}|approvals|hostKey/);
  });

  it('does not come by PagerDuty, which many read', async () => {
    await by(CHANNELS.pagerduty, { approvals: { key } });
    expect(server.requests[0]?.body).not.toContain('/approve/');
  });

  it('that can not be made keeps nobody from being told', async () => {
    expect(await by(CHANNELS.slack, { approvals: { key: 'short' } })).toMatchObject({ kind: 'taken' });
    expect(server.requests[0]?.body).toContain(
      'No link to approve: the keys of secret approvals have 32 characters or more',
    );
  });
});

describe('a heartbeat', () => {
  it.each(['GET', 'POST'] as const)('is one %s, and its address is a secret', async (method) => {
    const secrets = secretsOf({ dead: { url: `${server.url}/ping/${TOKEN}` } });
    const beat = () => notifier(secrets).beat({ credentials: 'dead', everySeconds: 60, method });
    expect(await beat()).toMatchObject({ kind: 'taken' });
    expect(server.requests.map((each) => [each.method, each.path])).toEqual([[method, `/ping/${TOKEN}`]]);
    reply = { status: 404, body: `no check at /ping/${TOKEN}` };
    expect(await beat()).toMatchObject({ kind: 'failed', detail: expect.not.stringContaining('very-secret-path') });
  });
});
