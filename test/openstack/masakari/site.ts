import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { startHttpServer } from '#infra/embedded/http-server.ts';
import { PermanentError } from '#shared/errors.ts';
import type { OpenStackApi } from '../api.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from '../pipeline.ts';
import type { Account, Rig } from '../rig.ts';
import { type LoadBalancer, startProxy } from './proxy.ts';

/** salvor in the place of Masakari: its pipeline, its HTTP endpoint, and the catalogue of the rig's Keystone that names it. */
export interface MasakariSite {
  readonly pipeline: RigPipeline;
  readonly httpUrl: string;
  /** In front of it, in region `FLAKY_REGION`. */
  readonly proxy: LoadBalancer;
  /** For the programs' files. */
  readonly folder: string;
  /** The environment by which an OpenStack program signs in. */
  envOf(account: Account): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The policy holds compute-1 and compute-2; segments that are made through the API get the same limits. */
export async function startMasakariSite(rig: Rig, admin: OpenStackApi): Promise<MasakariSite> {
  const policy = rigPolicy(rig, { hosts: { names: ['compute-1', 'compute-2'] }, minHealthyHosts: 1 });
  const [segment] = policy.segments;
  if (segment === undefined) throw new Error('the policy has a segment');
  const { name: _name, hosts: _hosts, except: _except, ...segmentDefaults } = segment;
  const pipeline = await startRigPipeline(rig, { ...policy, masakari: { roles: ['admin'], segmentDefaults } });
  const secrets = {
    get: async (name: string) => {
      throw new PermanentError(`there is no secret ${name}`);
    },
  };
  const services = { ...pipeline.embedded.services, secrets, tokens: pipeline.tokens };
  const http = await startHttpServer(services, { address: '127.0.0.1', port: 0 });
  const proxy = await startProxy(http.url);
  const forget = await announce(admin, http.url, proxy.url);
  const folder = await mkdtemp(join(tmpdir(), 'salvor-masakari-'));
  return {
    pipeline,
    httpUrl: http.url,
    proxy,
    folder,
    envOf: ({ user, project, password }) => ({
      OS_AUTH_URL: rig.authUrl,
      OS_USERNAME: user,
      OS_PASSWORD: password,
      OS_PROJECT_NAME: project,
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_DOMAIN_NAME: 'Default',
      OS_IDENTITY_API_VERSION: '3',
      OS_REGION_NAME: policy.cloud.region,
    }),
    stop: async () => {
      await forget();
      await proxy.close();
      await http.close();
      await pipeline.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const made = z.object({ service: z.object({ id: z.string() }) });

/** In this region the catalogue has the address alone, and clients ask for the versions first. */
export const PLAIN_REGION = 'Plain';
/** In this one the proxy's. */
export const FLAKY_REGION = 'Flaky';

/** What an operator does who puts salvor in Masakari's place: service type `instance-ha`, with the project in its address. */
async function announce(admin: OpenStackApi, url: string, proxied: string): Promise<() => Promise<void>> {
  const { service } = await admin.post(
    'identity',
    '/services',
    { service: { type: 'instance-ha', name: 'masakari' } },
    made,
  );
  const endpoints = {
    RegionOne: `${url}/v1/%(project_id)s`,
    [PLAIN_REGION]: url,
    [FLAKY_REGION]: `${proxied}/v1/%(project_id)s`,
  };
  for (const [region, address] of Object.entries(endpoints))
    for (const name of ['public', 'internal', 'admin']) {
      const endpoint = { service_id: service.id, region, url: address, interface: name };
      await admin.post('identity', '/endpoints', { endpoint }, z.unknown());
    }
  return async () => {
    await admin.send('identity', 'DELETE', `/services/${service.id}`);
  };
}
