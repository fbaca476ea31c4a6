import { request } from 'undici';
import { describe, it } from 'vitest';
import { runDrill } from '#cli/drill/drill.ts';
import { DEFAULTS } from '#cli/drill/options.ts';
import type { OutsideServices, Sabotage } from '#cli/drill/stage.ts';
import { silentLog } from '#cli/output.ts';
import type { Compute, FenceDevice, StateWrite } from '#shared/ports.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { nobody } from './nobody.ts';

const QUICK = { ...DEFAULTS, instances: 8, graceSeconds: 0.5, evacuationSeconds: 0.3 };

interface Broken {
  readonly how: string;
  readonly sabotage: Sabotage;
  /** The rule that must catch it. */
  readonly rule: RegExp;
  /** Its evacuations never end: the drill has seen enough once the rule is broken. */
  readonly endless?: true;
}

const withCompute = (change: (compute: Compute, cloud: SimulatedCloud) => Partial<Compute>): Sabotage => ({
  outside: (services, cloud) => ({ ...services, compute: { ...services.compute, ...change(services.compute, cloud) } }),
});

const withDevice = (
  open: (services: OutsideServices, cloud: SimulatedCloud) => OutsideServices['fencing'],
): Sabotage => ({
  outside: (services, cloud) => ({ ...services, fencing: open(services, cloud) }),
});

/** A pipeline that is broken in one place. The drill must notice from the cloud's own log, whatever the pipeline says. */
const BROKEN: readonly Broken[] = [
  {
    how: 'takes a host for off without powering it off',
    sabotage: withDevice(() => ({ device: async () => believer })),
    rule: /no instance ran twice/,
  },
  {
    how: 'powers off the wrong host',
    sabotage: withDevice(({ fencing }, cloud) => ({
      device: (config) => {
        const url = `${cloud.bmcUrl('compute-2')}${cloud.bmcSystemPath('compute-2')}`;
        return fencing.device(config.driver === 'redfish' ? { ...config, url } : config);
      },
    })),
    rule: /no other host was touched/,
    endless: true,
  },
  {
    how: 'does not tell Nova that the host is down',
    sabotage: withCompute((compute) => ({
      forceDown: async () => ({ kind: 'accepted', requestId: null, durationMs: 0 }),
      service: async (host) => pretendForcedDown(await compute.service(host)),
      services: async () => (await compute.services()).map((service) => pretendForcedDown(service) ?? service),
    })),
    rule: /powered off and forced down/,
  },
  {
    how: 'asks Nova twice for one evacuation',
    sabotage: withCompute((compute) => ({
      evacuate: async (...request) => {
        await compute.evacuate(...request);
        return compute.evacuate(...request);
      },
    })),
    rule: /one evacuation per instance/,
    endless: true,
  },
  {
    how: 'overlooks an instance',
    sabotage: withCompute((compute) => ({
      serversOn: async (host) => (await compute.serversOn(host)).filter(({ name }) => name !== 'web-0000'),
    })),
    rule: /every protected instance is well/,
  },
  {
    how: 'does not see who opted out',
    sabotage: withCompute((compute) => ({
      serversOn: async (host) => (await compute.serversOn(host)).map((server) => ({ ...server, metadata: {} })),
      server: async (id) => {
        const server = await compute.server(id);
        return server && { ...server, metadata: {} };
      },
    })),
    rule: /not protected were left alone/,
  },
  {
    how: 'gives the host back while its evacuations run',
    sabotage: withCompute((compute, cloud) => ({
      evacuate: async (...request) => {
        const answer = await compute.evacuate(...request);
        await giveBack(cloud, 'compute-1');
        return answer;
      },
    })),
    rule: /given back before/,
  },
  {
    how: 'forgets to record what Nova answered',
    sabotage: {
      inside: (services) => ({
        ...services,
        state: {
          ...services.state,
          transact: (writes) => services.state.transact(writes.filter((write) => !isAnswer(write))),
        },
      }),
    },
    rule: /the audit is whole/,
  },
];

describe.concurrent('the drill notices a pipeline that', () => {
  it.for(BROKEN)('$how', { timeout: 120_000 }, async ({ sabotage, rule, endless }, { expect }) => {
    const broken = endless ? { ...sabotage, breaks: rule } : sabotage;
    const result = await runDrill(QUICK, nobody, silentLog, broken);
    const caughtBy = result.verdicts.filter((verdict) => verdict.broken.length > 0).map((verdict) => verdict.rule);
    expect(caughtBy).toContainEqual(expect.stringMatching(rule));
    expect(result).toMatchObject({ well: false, exitCode: 1 });
  });
});

const believer: FenceDevice = {
  readPower: async () => ({ power: 'off', systemUuid: null, detail: 'surely', durationMs: 0 }),
  powerOff: async () => ({ kind: 'accepted', detail: 'surely', durationMs: 0 }),
  powerOn: async () => ({ kind: 'accepted', detail: 'surely', durationMs: 0 }),
};

function pretendForcedDown<T extends { readonly host: string } | undefined>(service: T): T {
  return service?.host === 'compute-1' ? { ...service, forcedDown: true, state: 'down' } : service;
}

const isAnswer = (write: StateWrite): boolean =>
  write.kind === 'append' && JSON.stringify(write.body).includes('"evacuate-answered"');

/** What an administrator could do by hand: enable the service again. */
async function giveBack(cloud: SimulatedCloud, host: string): Promise<void> {
  const { id, secret } = cloud.credentials.applicationCredential;
  const login = await request(`${cloud.authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } },
    }),
  });
  await login.body.dump();
  const update = await request(
    `${new URL(cloud.authUrl).origin}/compute/v2.1/os-services/${cloud.host(host).serviceUuid}`,
    {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        'x-auth-token': String(login.headers['x-subject-token']),
        'openstack-api-version': 'compute 2.53',
      },
      body: JSON.stringify({ status: 'enabled' }),
    },
  );
  await update.body.dump();
}
