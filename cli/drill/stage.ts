import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHttpServer } from '#infra/embedded/http-server.ts';
import { type Embedded, startEmbedded } from '#infra/embedded/runtime.ts';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import { connect } from '#shared/connect.ts';
import { type Policy, policySchema } from '#shared/domain/policy.ts';
import type { Log, Services } from '#shared/services.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import type { SimServer } from '#sim/world/types.ts';
import { type Agents, agentsFor } from './agents.ts';
import { FAULTS } from './faults.ts';
import type { DrillOptions } from './options.ts';

const BMC_SECRET = 'bmc';
const OPT_OUT = { HA_Enabled: 'false' };

export type OutsideServices = Omit<Services, 'state' | 'outbox' | 'trustedSenders' | 'localRestart'>;

/** What a test may put in place of the pipeline's parts, to see that the drill notices. */
export interface Sabotage {
  readonly outside?: (services: OutsideServices, cloud: SimulatedCloud) => OutsideServices;
  readonly inside?: (services: Services) => Services;
  /** The rule that is broken for good by it: nothing is waited for once it is. */
  readonly breaks?: RegExp;
}

export interface Stage {
  readonly cloud: SimulatedCloud;
  readonly embedded: Embedded;
  readonly agents: Agents;
  readonly policy: Policy;
  readonly victim: string;
  readonly protectedBefore: readonly SimServer[];
  readonly unprotected: readonly SimServer[];
  /** Where the console is served; undefined where it is not asked for. */
  readonly consoleUrl: string | undefined;
  stop(): Promise<void>;
}

/** A simulated cloud with instances, and the embedded pipeline that protects it. */
export async function setStage(options: DrillOptions, log: Log, sabotage: Sabotage = {}): Promise<Stage> {
  const { hosts, seed, evacuationSeconds } = options;
  const cloud = await startSimulatedCloud({
    hosts,
    seed,
    serviceDownSeconds: 2,
    evacuationMs: evacuationSeconds * 1000,
  });
  const victim = 'compute-1';
  const { mine, unprotected } = bootInstances(cloud, options, victim);
  const policy = policyFor(cloud, options);
  const secrets = { get: async () => ({ ...cloud.bmcCredentials }) };
  const connection = connect(cloudConfig(cloud), secrets);
  const { compute, fencing } = connection;
  const healthy: OutsideServices = {
    compute,
    fencing,
    policy,
    clock: systemClock,
    chance: systemChance,
    guests: systemGuests,
    log,
  };
  const services = sabotage.outside?.(healthy, cloud) ?? healthy;
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'salvor-drill-'));
  rmSync(stateDir, { recursive: true, force: true });
  const embedded = await startEmbedded({
    stateDir,
    port: 0,
    services,
    ...(sabotage.inside === undefined ? {} : { wrap: sabotage.inside }),
  });
  const close = async (): Promise<void> => {
    await embedded.stop();
    await connection.close();
    await cloud.stop();
    if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
  };
  const consoleServer =
    options.consolePort === undefined
      ? undefined
      : await startHttpServer(
          { ...embedded.services, queues: embedded.queues, secrets, tokens: connection.tokens },
          { address: '127.0.0.1', port: options.consolePort },
        ).catch(async (error: unknown) => {
          await close();
          throw error;
        });
  const agents = agentsFor(embedded.endpoint, embedded.queueUrls['host-events']);
  // A copy: what an instance was before is what it should be afterwards.
  const protectedBefore = mine.map((server) => ({ ...server }));
  const stop = async (): Promise<void> => {
    agents.stop();
    await consoleServer?.close();
    await close();
  };
  return {
    cloud,
    embedded,
    agents,
    policy,
    victim,
    protectedBefore,
    unprotected,
    consoleUrl: consoleServer && `${consoleServer.url}/console/`,
    stop,
  };
}

function cloudConfig(cloud: SimulatedCloud) {
  const { id, secret } = cloud.credentials.applicationCredential;
  const auth = { auth_url: cloud.authUrl, application_credential_id: id, application_credential_secret: secret };
  return cloudFromSecret({ auth, auth_type: 'v3applicationcredential', region_name: cloud.region }, 'drill');
}

/** Most of them run; some are stopped, one is paused, one opted out; and each other host has one of its own. */
function bootInstances(cloud: SimulatedCloud, { instances }: DrillOptions, victim: string) {
  const stopped = Math.floor(instances / 8);
  const paused = instances > 3 ? 1 : 0;
  const fromVolume = Math.floor((instances - stopped - paused) / 2);
  const fromImage = instances - stopped - paused - fromVolume;
  const mine = [
    ...cloud.boot(fromImage, { host: victim, namePrefix: 'web' }),
    ...cloud.boot(fromVolume, { host: victim, namePrefix: 'db', root: 'volume' }),
    ...cloud.boot(stopped, { host: victim, namePrefix: 'stopped', state: 'stopped' }),
    ...cloud.boot(paused, { host: victim, namePrefix: 'paused', state: 'paused' }),
  ];
  const unprotected = cloud.boot(1, { host: victim, namePrefix: 'opted-out', metadata: OPT_OUT });
  for (const host of cloud.hosts())
    if (host.name !== victim) cloud.boot(1, { host: host.name, namePrefix: 'neighbour' });
  return { mine, unprotected };
}

function policyFor(cloud: SimulatedCloud, { graceSeconds, fault, consolePort }: DrillOptions): Policy {
  const isAlone = fault !== undefined && FAULTS[fault].isAlone === true;
  const url = (host: string): string => `${cloud.bmcUrl(host)}${cloud.bmcSystemPath(host)}`;
  const device = (host: string) => ({
    driver: 'redfish' as const,
    url: url(host),
    credentials: BMC_SECRET,
    timeoutSeconds: 4,
  });
  return policySchema.parse({
    version: 1,
    cloud: { name: 'drill', region: cloud.region },
    // A drill is over before a pause would be.
    settling: { pauseSeconds: 0 },
    watch: { everySeconds: isAlone ? 1 : 0 },
    // Who looks by the console sees what would happen, and whose devices answer, after a minute.
    ...(consolePort === undefined ? {} : { forecast: { everySeconds: 60 }, survey: { everySeconds: 60 } }),
    segments: [
      {
        name: 'az-nova',
        hosts: { availabilityZone: 'nova' },
        graceSeconds,
        reporters: { required: isAlone ? 1 : 2 },
        instances: { sharedInstanceStorage: true },
        evacuation: { retryBaseSeconds: 1, settleSeconds: 10, pollSeconds: 1 },
        fencing: { retryBaseSeconds: 1, retryMaxSeconds: 10 },
      },
    ],
    fenceDevices: Object.fromEntries(cloud.hosts().map(({ name }) => [name, device(name)])),
  });
}
