import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { HostEvent } from '#events/host-event.ts';
import { type Embedded, startEmbedded } from '#infra/embedded/runtime.ts';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import { connect } from '#shared/connect.ts';
import { type Policy, policySchema } from '#shared/domain/policy.ts';
import type { KeystoneTokens } from '#shared/ports.ts';
import { type IncidentEntry, listIncidents } from '#shared/state/hosts.ts';
import { until } from './poll.ts';
import type { Rig } from './rig.ts';

type PolicyInput = (typeof policySchema)['_zod']['input'];

/** The embedded pipeline against the rig, with the rig's own account for such products and its Redfish BMCs. */
export interface RigPipeline {
  readonly embedded: Embedded;
  readonly policy: Policy;
  /** Of the rig's Keystone, asked by the same account. */
  readonly tokens: KeystoneTokens;
  /** Says something of a host, as one agent would, with an ordinary SQS client. */
  report(type: HostEvent['type'], data: { readonly host: string } & Readonly<Record<string, string>>): Promise<void>;
  /** Reports the host down, by the same agent. */
  reportDown(host: string): Promise<void>;
  /** The newest incident, once it is closed. */
  closed(timeoutMs?: number): Promise<IncidentEntry>;
  stop(): Promise<void>;
}

/** A policy for the whole rig; `segment` changes what a test is about. */
export function rigPolicy(rig: Rig, segment: Partial<PolicyInput['segments'][number]> = {}): Policy {
  const device = (host: string) => ({
    driver: 'redfish' as const,
    url: `${rig.redfishUrl}${rig.bmc(host).redfishSystemPath}`,
    credentials: 'bmc',
  });
  return policySchema.parse({
    version: 1,
    cloud: { name: 'rig' },
    settling: { pauseSeconds: 0 },
    watch: { everySeconds: 0 },
    segments: [
      {
        name: 'az-a',
        hosts: { availabilityZone: 'az-a' },
        graceSeconds: 0,
        requireNovaDown: false,
        instances: { sharedInstanceStorage: true },
        ...segment,
      },
    ],
    fenceDevices: Object.fromEntries(rig.computes.map((host) => [host, device(host)])),
  } satisfies PolicyInput);
}

/** @param stateDir a folder that the commands of `salvor` are to find it by; without it the state is in memory */
export async function startRigPipeline(rig: Rig, policy: Policy, stateDir?: string): Promise<RigPipeline> {
  const { user, project, password } = rig.accounts.ha;
  const cloud = cloudFromSecret(
    {
      auth: {
        auth_url: rig.authUrl,
        username: user,
        password,
        project_name: project,
        user_domain_name: 'Default',
        project_domain_name: 'Default',
      },
      region_name: policy.cloud.region,
    },
    'rig',
  );
  const [first = ''] = rig.computes;
  const { username, password: bmcPassword } = rig.bmc(first);
  const connection = connect(cloud, { get: async () => ({ username, password: bmcPassword }) });
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const { compute, fencing } = connection;
  const services = {
    compute,
    fencing,
    policy,
    clock: systemClock,
    chance: systemChance,
    guests: systemGuests,
    log: quiet,
  };
  const embedded = await startEmbedded({ stateDir, port: 0, services });
  const report: RigPipeline['report'] = async (type, data) => {
    const event = {
      specversion: '1.0',
      id: randomUUID(),
      source: '/test/agent',
      type,
      time: new Date().toISOString(),
      data,
    };
    const QueueUrl = embedded.queueUrls['host-events'];
    await embedded.client.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }));
  };
  return {
    embedded,
    policy,
    tokens: connection.tokens,
    report,
    reportDown: (host) => report('host.down', { host }),
    closed: (timeoutMs = 180_000) =>
      until(
        'the incident to be closed',
        async () => {
          const newest = (await Array.fromAsync(listIncidents(embedded.state))).at(-1);
          return newest?.closedAtMs == null ? undefined : newest;
        },
        { timeoutMs },
      ),
    stop: async () => {
      await embedded.stop();
      await connection.close();
    },
  };
}
