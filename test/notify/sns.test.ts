/** SNS against a server on this machine. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { notifier } from '#shared/adapters/notify/notifier.ts';
import type { Channel } from '#shared/domain/policy-notify.ts';
import { deadUrl, type Reply, serve, type TestServer } from '#test/adapters/server.ts';
import { aNotice, secretsOf } from './support.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:salvor';
let server: TestServer;
let reply: Reply = {};
const tell = (channel: Channel, notice = aNotice()) => notifier(secretsOf({})).tell(channel, notice);
const before = { ...process.env };
beforeEach(async () => {
  reply = {};
  server = await serve(() => reply);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SNS: server.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterEach(async () => {
  await server.close();
  process.env = { ...before };
});
const form = () => new URLSearchParams(server.requests.at(-1)?.body);
const published = {
  headers: { 'content-type': 'text/xml' },
  body: '<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>',
};

it('publishes with what it is as attributes', async () => {
  reply = published;
  const notice = aNotice({ title: 'größte Störung' });
  expect(await tell({ type: 'sns', topicArn: TOPIC }, notice)).toEqual({
    kind: 'taken',
    detail: 'SNS has it as m-1',
  });
  expect(form().get('TopicArn')).toBe(TOPIC);
  expect(form().get('Subject')).toBe('gr??te St?rung');
  expect(form().get('MessageDeduplicationId')).toBeNull();
  expect([...form().values()]).toContain('critical');
});

it('has a FIFO topic drop repeats', async () => {
  reply = published;
  const ids: (string | null)[] = [];
  for (const notice of [aNotice(), aNotice(), aNotice({ id: 'another' })]) {
    await tell({ type: 'sns', topicArn: `${TOPIC}.fifo` }, notice);
    ids.push(form().get('MessageDeduplicationId'));
  }
  expect(new Set(ids).size).toBe(2);
  expect(ids[0]).toBe(ids[1]);
});

it('refuses what can not be written down at all, which never leaves', async () => {
  const told = await tell({ type: 'sns', topicArn: TOPIC }, aNotice({ body: 'half a character: \ud83d' }));
  expect(told).toMatchObject({ kind: 'failed', isRefusal: true });
  expect(server.requests).toEqual([]);
});

it('that is out of reach refuses nothing', async () => {
  process.env.AWS_ENDPOINT_URL_SNS = await deadUrl();
  expect(await tell({ type: 'sns', topicArn: TOPIC })).toMatchObject({ kind: 'failed', isRefusal: false });
});

it('fails in its own name only', async () => {
  reply = {
    status: 403,
    headers: { 'content-type': 'text/xml' },
    body: '<ErrorResponse><Error><Code>AuthorizationError</Code><Message>arn:secret</Message></Error></ErrorResponse>',
  };
  const told = await tell({ type: 'sns', topicArn: TOPIC });
  expect(told).toMatchObject({
    kind: 'failed',
    isRefusal: false,
    detail: expect.stringMatching(/^SNS: Authorization/),
  });
});
