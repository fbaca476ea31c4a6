import { fencing } from '#shared/adapters/fencing/registry.ts';
import { bareMetal } from '#shared/adapters/openstack/bare-metal.ts';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession } from '#shared/adapters/openstack/keystone.ts';
import type { FenceDeviceConfig } from '#shared/ports.ts';
import { type CloudOptions, startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import type { FaultKind } from '#sim/faults.ts';
import type { PowerApi } from '#sim/request-log.ts';
import { deadUrl } from '../adapters/server.ts';
import { certificate } from '../support/tls.ts';
import { defineFencingContract, type FencingContractHost } from './fencing.ts';

const NAME = 'compute-1';
const TIMEOUT_SECONDS = 0.5;

type Changes = Parameters<FencingContractHost['device']>[0];
type Credentials = Readonly<Record<string, string>>;

interface Way {
  readonly cloud?: CloudOptions;
  /** Present all the time. */
  readonly fault?: FaultKind;
  readonly api?: PowerApi;
  /** `secret`: what the device's secret holds; `password`: the field of it that a test makes wrong. */
  readonly secret: (sim: SimulatedCloud) => Credentials;
  readonly password: string;
  readonly config: (sim: SimulatedCloud, at: (url: string) => string) => FenceDeviceConfig;
  readonly systemUuid?: (sim: SimulatedCloud) => string;
  /** The device is reached by the Ironic of the cloud, at this Keystone. */
  readonly byKeystone?: boolean;
}

const bmc = (config: (sim: SimulatedCloud, at: (url: string) => string) => object, more: Partial<Way> = {}): Way => ({
  secret: (sim) => ({ ...sim.bmcCredentials }),
  password: 'password',
  config: (sim, at) => ({ driver: 'redfish', url: '', ...COMMON, ...config(sim, at) }),
  ...more,
});
const COMMON = { credentials: 'bmc', timeoutSeconds: TIMEOUT_SECONDS } as const;
const tls = certificate();
const system = (sim: SimulatedCloud) => `${sim.bmcUrl(NAME)}${sim.bmcSystemPath(NAME)}`;

const WAYS: Readonly<Record<string, Way>> = {
  'Redfish, system named': bmc((sim, at) => ({ url: at(system(sim)) })),
  'Redfish, device named': bmc((sim, at) => ({ url: at(sim.bmcUrl(NAME)) })),
  'Redfish, one system of a chassis by its UUID': bmc((sim, at) => ({
    url: at(sim.chassisUrl),
    systemUuid: sim.host(NAME).systemUuid,
  })),
  'Redfish by sessions': bmc((sim, at) => ({ url: at(system(sim)), auth: 'session' }), { fault: 'bmc-no-basic' }),
  'Redfish without basic authentication, found out': bmc((sim, at) => ({ url: at(system(sim)) }), {
    fault: 'bmc-no-basic',
  }),
  'Redfish with tasks': bmc((sim, at) => ({ url: at(system(sim)) }), { fault: 'bmc-task' }),
  'Redfish by TLS, certificate pinned': bmc((sim, at) => ({ url: at(system(sim)), certificateSha256: tls.sha256 }), {
    cloud: { tls },
  }),
  'Redfish by TLS, with its CA': bmc((sim, at) => ({ url: at(system(sim)), caFile: tls.cert }), { cloud: { tls } }),
  'Ironic with its own accounts': {
    api: 'ironic',
    secret: ({ power }) => ({ username: power.ironic.username, password: power.ironic.password }),
    password: 'password',
    config: ({ power }, at) => ({ driver: 'ironic', node: NAME, url: at(power.ironic.url), ...COMMON }),
    systemUuid: ({ power }) => power.ironic.node(NAME).uuid,
  },
  'Ironic of the cloud': {
    api: 'ironic',
    secret: (sim) => ({ password: sim.credentials.admin.password }),
    password: 'password',
    config: () => ({ driver: 'ironic', node: NAME, timeoutSeconds: TIMEOUT_SECONDS }),
    systemUuid: ({ power }) => power.ironic.node(NAME).uuid,
    byKeystone: true,
  },
  Metal3: {
    api: 'metal3',
    secret: ({ power }) => ({ token: power.metal3.token }),
    password: 'token',
    config: ({ power }, at) => {
      const { url, namespace } = power.metal3;
      return { driver: 'metal3', url: at(url), namespace, bareMetalHost: NAME, ...COMMON };
    },
    systemUuid: ({ power }) => power.metal3.bareMetalHost(NAME).uid,
  },
  'signed webhook': {
    api: 'webhook',
    secret: ({ power }) => ({ key: power.webhook.key }),
    password: 'key',
    config: ({ power }, at) => {
      const url = at(power.webhook.url);
      return { driver: 'webhook', url, host: NAME, switches: 'system', ...COMMON };
    },
  },
};

async function hostBy(way: Way): Promise<FencingContractHost> {
  const sim = await startSimulatedCloud({ hosts: 2, ...way.cloud });
  const nobody = await deadUrl();
  const device = ({ password, systemUuid, address }: NonNullable<Changes> = {}) => {
    // A key has a shortest length.
    const wrong = password === undefined ? {} : { [way.password]: password.padEnd(32, '.') };
    const secret = { ...way.secret(sim), ...wrong };
    const at = (url: string) => (address === 'nobody' ? url.replace(/^https?:\/\/[^/]+/, nobodyAt(url, nobody)) : url);
    const cloud = way.byKeystone === true ? { bareMetal: cloudIronic(sim, secret.password ?? '', at) } : {};
    const config = { ...way.config(sim, at), ...(systemUuid === undefined ? {} : { systemUuid }) };
    return fencing({ secrets: { get: async () => secret }, version: '0', ...cloud }).device(config);
  };
  const always = () => {
    if (way.fault === 'bmc-task') sim.faults.set({ kind: 'bmc-task', host: NAME, delayMs: 20 });
    if (way.fault === 'bmc-no-basic') sim.faults.set({ kind: 'bmc-no-basic', host: NAME });
  };
  return {
    device,
    systemUuid: way.systemUuid?.(sim) ?? sim.host(NAME).systemUuid,
    hasPower: async () => sim.host(NAME).power === 'on',
    givePower: async () => {
      sim.powerOn(NAME);
      sim.power.ironic.node(NAME).powerState = 'power on';
      Object.assign(sim.power.metal3.bareMetalHost(NAME), { online: true, poweredOn: true });
    },
    spoil: async (fault) => {
      sim.faults.clear();
      always();
      const { api } = way;
      if (fault === 'stuck') sim.faults.set({ kind: 'bmc-stuck', host: NAME });
      else if (fault !== undefined && api !== undefined)
        sim.faults.set({ kind: 'power-api-down', api, how: fault === 'hang' ? 'hang' : '500' });
      else if (fault === 'error') sim.faults.set({ kind: 'bmc-error', host: NAME });
      else if (fault === 'hang') sim.faults.set({ kind: 'bmc-dead', host: NAME });
    },
    faults: ['stuck', 'error', 'hang'],
    close: () => sim.stop(),
  };
}

/** With the scheme that the driver was told. */
const nobodyAt = (url: string, nobody: string): string => nobody.replace(/^http:/, new URL(url).protocol);

function cloudIronic(sim: SimulatedCloud, password: string, at: (url: string) => string) {
  const http = openStackHttp({ version: '0', random: () => 0, timeoutMs: TIMEOUT_SECONDS * 1000 });
  const { username, projectName, userDomainName, projectDomainName } = sim.credentials.admin;
  const auth = {
    auth_url: at(sim.authUrl),
    username,
    password,
    project_name: projectName,
    user_domain_name: userDomainName,
    project_domain_name: projectDomainName,
  };
  const cloud = cloudFromSecret({ auth, region_name: sim.region }, 'sim');
  return bareMetal(keystoneSession({ cloud, http, now: Date.now }));
}

for (const [name, way] of Object.entries(WAYS))
  defineFencingContract(`${name}, on the simulated cloud`, () => hostBy(way));
