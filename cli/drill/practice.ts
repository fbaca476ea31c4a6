import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { PermanentError } from '#shared/errors.ts';
import type { SimulatedCloud } from '#sim/controls.ts';

const MARK = '# Written by "salvor practice", anew at each start. The cloud is simulated.\n';

/**
 * A folder as a site has it, for a simulated cloud: clouds.yaml, secrets.yaml and policy.yaml. What an earlier practice left of
 * salvor's state goes: it is of a cloud that is no more.
 * @throws PermanentError when the files there are somebody's own
 */
export function writeSite(folder: string, cloud: SimulatedCloud, graceSeconds: number): void {
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  const foreign = ['clouds.yaml', 'secrets.yaml', 'policy.yaml'].find(
    (name) => existsSync(at(name)) && !readFileSync(at(name), 'utf8').startsWith(MARK),
  );
  if (foreign !== undefined)
    throw new PermanentError(`${at(foreign)} is none of a practice, and is left as it is: name another folder`);
  rmSync(at('.salvor'), { recursive: true, force: true });
  const write = (name: string, content: object): void =>
    writeFileSync(at(name), `${MARK}${stringify(content)}`, { mode: 0o600 });
  const { id, secret } = cloud.credentials.applicationCredential;
  const auth = { auth_url: cloud.authUrl, application_credential_id: id, application_credential_secret: secret };
  write('clouds.yaml', {
    clouds: { practice: { auth_type: 'v3applicationcredential', auth, region_name: cloud.region } },
  });
  write('secrets.yaml', { bmc: cloud.bmcCredentials });
  write('policy.yaml', policyOf(cloud, graceSeconds));
}

const policyOf = (cloud: SimulatedCloud, graceSeconds: number) => ({
  version: 1,
  cloud: { name: 'practice', region: cloud.region },
  // As quick as it gets, so that nobody waits. A real policy leaves these as they are.
  settling: { pauseSeconds: 10 },
  watch: { everySeconds: 2, staleSeconds: 10 },
  survey: { everySeconds: 60 },
  forecast: { everySeconds: 60 },
  segments: [
    {
      name: 'nova',
      hosts: { availabilityZone: 'nova' },
      mode: 'enforce',
      graceSeconds,
      instances: { sharedInstanceStorage: true },
    },
  ],
  fenceDevices: Object.fromEntries(
    cloud.hosts().map(({ name }) => {
      const url = `${cloud.bmcUrl(name)}${cloud.bmcSystemPath(name)}`;
      return [name, { driver: 'redfish', url, credentials: 'bmc' }];
    }),
  ),
});

/** What may be typed while the cloud runs. */
export const ORDERS = 'kill HOST, start HOST, unplug-bmc HOST, list';

/** @returns what has happened, in words; an order that nobody knows is answered with those that there are */
export function obey(cloud: SimulatedCloud, line: string): string {
  const [order = '', host = ''] = line.trim().split(/\s+/);
  if (order === 'list') return listed(cloud);
  const known = cloud.hosts().some(({ name }) => name === host);
  if (!['kill', 'start', 'unplug-bmc'].includes(order)) return `say ${ORDERS}`;
  if (!known) return `there is no host ${host}`;
  switch (order) {
    case 'kill':
      cloud.killHost(host, { leaveGuestsRunning: true });
      return `${host}: nova-compute is gone, the guests still run`;
    case 'start':
      cloud.powerOn(host);
      cloud.startCompute(host);
      return `${host}: it has power, and nova-compute runs`;
    default:
      cloud.faults.set({ kind: 'bmc-dead', how: 'close', host });
      return `${host}: its BMC answers nobody any more`;
  }
}

const listed = (cloud: SimulatedCloud): string =>
  cloud
    .hosts()
    .map(({ name, power, computeRunning }) => {
      const guests = cloud.servers().filter(({ host }) => host === name).length;
      return `${name}: power ${power}, nova-compute ${computeRunning ? 'runs' : 'is gone'}, ${guests} instances`;
    })
    .join('\n');
