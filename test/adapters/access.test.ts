/** What lets salvor into a cloud, as its own connections show it: against the simulated cloud, by https. */
import { afterEach, expect, it } from 'vitest';
import { cloudAccess } from '#shared/adapters/openstack/access.ts';
import type { CloudConfig } from '#shared/adapters/openstack/cloud-config.ts';
import { type Connection, connect } from '#shared/connect.ts';
import { PermanentError } from '#shared/errors.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { certificate } from '#test/support/tls.ts';
import { sessionAt } from './fake-openstack.ts';
import { type Reply, serve } from './server.ts';

const NOW = new Date().toISOString();
const LOGIN: Reply = {
  status: 201,
  headers: { 'x-subject-token': 'the-token' },
  body: {
    token: {
      ...{ issued_at: NOW, expires_at: NOW, catalog: [] },
      user: { id: 'u1', name: 'ha', password_expires_at: null },
      application_credential: { id: 'c1', name: 'salvor', restricted: true },
    },
  },
};
const NO_SECRETS = { get: async () => ({}) };
const IN_A_WEEK_MS = Date.UTC(2030, 5, 7, 8, 9, 10);

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setup(
  tls?: ReturnType<typeof certificate>,
  identityOf: (sim: SimulatedCloud) => CloudConfig['identity'] = byPassword,
): Promise<{ readonly sim: SimulatedCloud; readonly connection: Connection }> {
  const sim = await startSimulatedCloud({ hosts: 1, ...(tls === undefined ? {} : { tls }) });
  const cloud: CloudConfig = {
    name: 'lab',
    regionName: sim.region,
    interface: 'public',
    insecureTls: false,
    computeEndpoint: undefined,
    authUrl: sim.authUrl,
    identity: identityOf(sim),
    caPem: tls?.cert,
  };
  const connection = connect(cloud, NO_SECRETS);
  closers.push(() => sim.stop(), connection.close);
  return { sim, connection };
}

const domain = { id: 'default' };
const byPassword = (sim: SimulatedCloud): CloudConfig['identity'] => {
  const { username: name, password, projectName } = sim.credentials.admin;
  return { kind: 'password', user: { name, domain }, password, project: { name: projectName, domain } };
};
const byCredential = (sim: SimulatedCloud): CloudConfig['identity'] => {
  const { id, secret } = sim.credentials.applicationCredential;
  return { kind: 'application-credential', credential: { id }, secret };
};

it('tells the certificate that a read was shown, and whose it is', async () => {
  const tls = certificate();
  const { sim, connection } = await setup(tls);
  expect(await connection.access.certificates()).toEqual([]);
  await connection.compute.services();
  const { origin } = new URL(sim.authUrl);
  expect(await connection.access.certificates()).toEqual([
    {
      of: 'keystone and nova and placement and glance and cinder and neutron and ironic',
      address: origin,
      expiresAtMs: tls.expiresAtMs,
    },
  ]);
});

it('tells none of a cloud that is spoken to in the clear', async () => {
  const { connection } = await setup();
  await connection.compute.services();
  expect(await connection.access.certificates()).toEqual([]);
});

it.each<[string, (sim: SimulatedCloud) => CloudConfig['identity'], string]>([
  ['a password', byPassword, 'the password of user admin'],
  ['an application credential', byCredential, 'application credential salvor'],
])('tells when %s ends, and that it has no end', async (_, identity, of) => {
  const ending = await setup(undefined, identity);
  ending.sim.faults.set({ kind: 'account-ends', atMs: IN_A_WEEK_MS });
  expect(await ending.connection.access.account()).toEqual({ of, endsAtMs: IN_A_WEEK_MS, untold: null });
  const endless = await setup(undefined, identity);
  expect(await endless.connection.access.account()).toEqual({ of, endsAtMs: null, untold: null });
});

it('says what Keystone says of a credential that may not look at itself', async () => {
  const denied: Reply = { status: 403, body: { error: { message: 'not by these access rules' } } };
  const server = await serve(({ method }) => (method === 'POST' ? LOGIN : denied));
  const session = sessionAt(server);
  closers.push(server.close, session.http.close);
  expect(await cloudAccess(session, new Map()).account()).toEqual({
    of: 'application credential c1',
    endsAtMs: null,
    untold: 'Keystone answered 403: not by these access rules',
  });
  expect(server.requests.at(-1)?.path).toBe('/identity/v3/users/u1/application_credentials/c1');
});

it('throws what Keystone answers to a wrong password', async () => {
  const wrong = (sim: SimulatedCloud) => ({ ...byPassword(sim), password: 'wrong' }) as CloudConfig['identity'];
  const { connection } = await setup(undefined, wrong);
  await expect(connection.access.account()).rejects.toBeInstanceOf(PermanentError);
});
