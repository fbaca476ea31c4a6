import { afterEach } from 'vitest';
import { type ManualClock, manualClock } from '#sim/clock.ts';
import { type CloudOptions, startSimulatedCloud } from '#sim/cloud.ts';
import type { PasswordCredentials, SimulatedCloud } from '#sim/controls.ts';
import { type Answer, type OpenStackApi, signIn } from '#test/openstack/api.ts';

const running: SimulatedCloud[] = [];
afterEach(async () => {
  for (const cloud of running.splice(0)) await cloud.stop();
});

export interface SimBench {
  readonly cloud: SimulatedCloud;
  /** Stands still until it is moved on: no test waits. */
  readonly clock: ManualClock;
  readonly admin: OpenStackApi;
}

/** A cloud with a clock of its own, signed in to as administrator; it ends with the test. */
export async function openBench(options: CloudOptions = {}): Promise<SimBench> {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const cloud = await startSimulatedCloud({ hosts: 4, clock, ...options });
  running.push(cloud);
  return { cloud, clock, admin: await signInAs(cloud, cloud.credentials.admin) };
}

export function signInAs(cloud: SimulatedCloud, credentials: PasswordCredentials): Promise<OpenStackApi> {
  const { username, projectName, password } = credentials;
  return signIn(cloud.authUrl, { user: username, project: projectName, password });
}

export function evacuate(api: OpenStackApi, id: string, body: object = {}): Promise<Answer> {
  return api.send('compute', 'POST', `/servers/${id}/action`, { json: { evacuate: body }, microversion: '2.94' });
}

export function setService({ cloud, admin }: SimBench, host: string, json: object): Promise<Answer> {
  return admin.send('compute', 'PUT', `/os-services/${cloud.host(host).serviceUuid}`, { json, microversion: '2.94' });
}

/** A host with one instance, that is dead and forced down. */
export async function deadHost(bench: SimBench, options: { leaveGuestsRunning?: boolean } = {}): Promise<string> {
  const [server] = bench.cloud.boot(1, { host: 'compute-1' });
  bench.cloud.killHost('compute-1', options);
  await setService(bench, 'compute-1', { forced_down: true });
  return server?.id ?? '';
}

export const statuses = (cloud: SimulatedCloud): string[] =>
  [...cloud.world.migrations.values()].map(({ status }) => status);
