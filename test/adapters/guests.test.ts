import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemGuests } from '#shared/adapters/system/guests.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
const ask = (by: 'tcp' | 'http', port: number, path = '/') =>
  systemGuests.ask({ by, address: '127.0.0.1', port, path });

describe('a guest', () => {
  it('answers when its port takes a connection', async () => {
    expect(await ask('tcp', await listening(createServer()))).toBeUndefined();
  });

  it('does not when nobody listens', async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await ask('tcp', port)).toBe(`no connection to port ${port}: ECONNREFUSED`);
    expect(await ask('http', port)).toBe(`no answer from port ${port}: ECONNREFUSED`);
  });

  it.each([
    ['/up', undefined],
    ['/missing', undefined],
    ['/broken', /^port \d+ answered 503$/],
  ])('answers a request of %s by its status', async (path, because) => {
    const http = createHttpServer((request, response) => {
      response.writeHead(request.url === '/broken' ? 503 : request.url === '/up' ? 200 : 404).end();
    });
    const said = await ask('http', await listening(http as unknown as Server), path);
    if (because === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(because);
  });
});
