import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { ingestApp } from '#shared/ingest/app.ts';
import { masakariApi } from '#shared/ingest/masakari/app.ts';
import { masakariWorld } from './masakari/support.ts';
import { type FakeIngest, fakeIngest, fakeSecrets } from './support.ts';

/** A body without a stated length that goes on for as long as somebody reads it. */
function endless(maxChunks = 64) {
  const read = { chunks: 0 };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        read.chunks += 1;
        if (read.chunks > maxChunks) controller.close();
        else controller.enqueue(new Uint8Array(64 * 1024).fill(32));
      },
    },
    { highWaterMark: 0 },
  );
  return { read, init: { method: 'POST', body, duplex: 'half' } as RequestInit & { duplex: 'half' } };
}
const JSON_TYPE = { 'content-type': 'application/json' };

describe('of a stranger nothing is read', () => {
  let services: FakeIngest;
  beforeEach(async () => {
    const own = fakeIngest(
      { reporters: { monitor: { token: 'monitor' } } },
      fakeSecrets({ monitor: { token: 'right-right-right' } }),
    );
    const nobody = async () => undefined;
    services = { ...own, tokens: { uri: async () => 'http://keystone.test/v3', check: nobody, signIn: nobody } };
    await mirrorInventory(services);
  });
  afterEach(() => services.state.close());

  it.each([
    ['/v1/events', {}],
    ['/v1/events', { authorization: 'Bearer guess' }],
    ['/v1/webhooks/consul', { authorization: 'Bearer guess' }],
    ['/v1/notifications', {}],
    ['/v1/notifications', { 'x-auth-token': 'guess' }],
    ['/v1/segments', { 'x-auth-token': 'guess' }],
  ])('that is sent to %s with %j', async (path, headers) => {
    const { read, init } = endless();
    const response = await ingestApp(services).request(path, { ...init, headers: { ...JSON_TYPE, ...headers } });
    expect({ status: response.status, ...read }).toEqual({ status: 401, chunks: 0 });
  });

  it('is sent elsewhere', async () => {
    const { read, init } = endless();
    expect((await ingestApp(services).request('/elsewhere', { ...init, headers: JSON_TYPE })).status).toBe(404);
    expect(read.chunks).toBe(0);
  });

  it.each(['/v1/events', '/v1/webhooks/consul'])('and of a reporter no more than the limit: %s', async (path) => {
    const { read, init } = endless();
    const headers = { ...JSON_TYPE, authorization: 'Bearer right-right-right' };
    expect((await ingestApp(services).request(path, { ...init, headers })).status).toBe(413);
    expect(read.chunks).toBe(17);
  });
});

it('of a user nothing is read while Keystone is away, and no more than the limit when it is not', async () => {
  const { services } = await masakariWorld();
  const api = masakariApi(services);
  const post = async (token: string) => {
    const { read, init } = endless();
    const headers = { ...JSON_TYPE, 'x-auth-token': token };
    const { status } = await api.request('/v1/notifications', { ...init, headers });
    return { status, ...read };
  };
  expect(await post('away')).toEqual({ status: 503, chunks: 0 });
  expect(await post('admin')).toEqual({ status: 413, chunks: 2 });
});
