import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { type HttpServer, startHttpServer } from '#infra/embedded/http-server.ts';
import { type Forwarder, type Sender, type Sent, startForwarding } from '#infra/gateway/forward.ts';
import { httpSender } from '#infra/gateway/senders.ts';
import { RetryableError } from '#shared/errors.ts';
import { type FakeIngest, fakeIngest, fakeSecrets } from '#test/ingest/support.ts';
import { anEvent, seconds } from '#test/support/builders.ts';
import { until } from './datagrams.ts';

const ofHost = (host: string) => anEvent({ id: `of ${host}`, data: { host } });

describe('the sender by HTTP', () => {
  const secrets = fakeSecrets({ probe: { token: 'right-right-right' } });
  let salvor: FakeIngest;
  let server: HttpServer;
  let sender: Sender;
  beforeEach(async () => {
    salvor = fakeIngest({ reporters: { probe: { token: 'probe', maxEventsPerMinute: 2 } } }, secrets);
    await mirrorInventory(salvor);
    server = await startHttpServer(salvor, { address: '127.0.0.1', port: 0 });
    sender = httpSender({ endpoint: server.url, secrets, token: 'probe' });
  });
  afterEach(async () => {
    await sender.close();
    await server.close();
    salvor.state.close();
  });

  it('tells what was too much, and when to send it again, apart from what was taken', async () => {
    const events = ['compute-1', 'compute-2', 'compute-3'].map(ofHost);
    expect(await sender.send(events)).toEqual({
      refused: [],
      later: {
        events: [{ id: 'of compute-3', because: 'it says more than 2 events a minute' }],
        afterMs: seconds(10),
      },
    });
    expect(salvor.outbox.take()).toHaveLength(2);
  });

  it('takes no salvor for a while from a 429 that is not salvor’s', async () => {
    await server.close();
    const lambda = createServer((_, response) =>
      response.writeHead(429).end('{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}'),
    );
    await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
    const address = lambda.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const toLambda = httpSender({ endpoint: `http://127.0.0.1:${port}`, secrets, token: 'probe' });
    await expect(toLambda.send([ofHost('compute-1')])).rejects.toThrow(RetryableError);
    await toLambda.close();
    lambda.close();
  });
});

describe('what is forwarded', () => {
  let forwarder: Forwarder;
  afterEach(() => forwarder.stop());
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const LIMIT = 2;

  it('is sent once although salvor takes a part at a time, and again when salvor says', async () => {
    const requests: (readonly string[])[] = [];
    const sender: Sender = {
      send: async (events): Promise<Sent> => {
        requests.push(events.map(({ id }) => id));
        const rest = events.slice(LIMIT).map(({ id }) => ({ id, because: 'too much' }));
        return rest.length === 0 ? { refused: [] } : { refused: [], later: { events: rest, afterMs: 20 } };
      },
      close: async () => {},
    };
    forwarder = startForwarding(sender, { now: () => Date.now() }, log, 5);
    const hosts = ['a', 'b', 'c', 'd', 'e'];
    for (const host of hosts) forwarder.offer({ ...ofHost(host), time: new Date().toISOString() });
    await until(() => forwarder.figures.forwarded === hosts.length);
    const ids = (...of: readonly string[]) => of.map((host) => `of ${host}`);
    expect(requests).toEqual([ids(...hosts), ids('c', 'd', 'e'), ids('e')]);
    expect(forwarder.failingSinceMs()).toBeUndefined();
    expect(forwarder.figures).toEqual({ forwarded: 5, refused: 0, failed: 0 });
  });
});
