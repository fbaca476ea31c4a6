import { afterEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import type { TrustedSenders } from '#shared/domain/reporter.ts';
import { ingestApp } from '#shared/ingest/app.ts';
import { hostToken } from '#shared/ingest/authenticate.ts';
import type { Services } from '#shared/services.ts';
import { listReports } from '#shared/state/list-reports.ts';
import { listParked } from '#shared/state/parked.ts';
import { anEvent, aPolicy, aService } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { masakariWorld } from './masakari/support.ts';
import { fakeIngest, fakeSecrets } from './support.ts';

/** From the answer 202 to what is known of the host: who may speak of itself only is heard all the way. */

const OWN = 'AROAEXAMPLEOWN';
let services: FakeServices;
afterEach(() => services.state.close());

/** What the endpoint has sent comes out of the queue, as one of salvor's own principals. */
async function receive(trustedSenders: TrustedSenders): Promise<void> {
  const receiving: Services = { ...services, trustedSenders };
  const records = services.outbox
    .take()
    .map(({ message }) => aRecord(message, { senderId: `${OWN}:salvor-http-ingest` }));
  expect(await receiveHostEvent.handle(receiving, records)).toEqual([]);
}
const parked = () => Array.fromAsync(listParked(services.state));

describe.each<[string, TrustedSenders]>([
  ['at one site', 'everybody'],
  ['on AWS', { principals: [OWN] }],
])('a host that speaks of itself, %s', (_, trusted) => {
  it.each(['host.down', 'host.up', 'host.heartbeat'] as const)('by HTTP says %s', async (type) => {
    const ingest = fakeIngest(
      { reporters: { agents: { hostTokens: 'agents', self: true } } },
      fakeSecrets({ agents: { key: 'key-of-all-agents' } }),
    );
    services = ingest;
    await mirrorInventory(services);
    const response = await ingestApp(ingest).request('/v1/events', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${hostToken('key-of-all-agents', 'compute-2')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(anEvent({ type, data: { host: 'compute-2' } })),
    });
    expect(response.status).toBe(202);
    await receive(trusted);
    expect(await parked()).toEqual([]);
    const { hosts, leases } = await listReports(services.state);
    const heard = [...hosts.flatMap(({ claims }) => Object.keys(claims)), ...leases.map(({ reporter }) => reporter)];
    expect(heard).toEqual(['agents']);
  });

  it('by the Masakari API is heard', async () => {
    const reporters = { monitors: { keystoneUsers: ['masakari-{host}@Default'], self: true } };
    const world = await masakariWorld(aPolicy({ reporters }));
    services = world.services;
    expect((await world.notify({}, { token: 'compute-1' })).status).toBe(202);
    await receive(trusted);
    expect(await parked()).toEqual([]);
    const { hosts } = await listReports(services.state);
    expect(hosts.map(({ claims }) => Object.keys(claims))).toEqual([['monitors']]);
  });

  it('is heard when its report came before anybody knew the host, and was sent again', async () => {
    services = fakeServices(aPolicy({ reporters: { agents: { awsPrincipals: ['AROAEXAMPLEHOSTS'], self: true } } }));
    const early = aRecord(anEvent({ data: { host: 'compute-9' } }), { senderId: 'AROAEXAMPLEHOSTS:compute-9' });
    await mirrorInventory(services);
    await receiveHostEvent.handle({ ...services, trustedSenders: { principals: [OWN] } }, [early]);
    services.cloud.services = [...services.cloud.services, aService({ host: 'compute-9' })];
    await mirrorInventory(services);
    await receive(trusted);
    const { hosts } = await listReports(services.state);
    expect(hosts.map(({ name, claims }) => [name, Object.keys(claims)])).toEqual([['compute-9', ['agents']]]);
  });
});
