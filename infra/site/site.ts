import { mkdirSync } from 'node:fs';
import { type HttpOptions, type HttpServer, startHttpServer } from '#infra/embedded/http-server.ts';
import { type Embedded, startEmbedded } from '#infra/embedded/runtime.ts';
import { notifier } from '#shared/adapters/notify/notifier.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import type { Connection } from '#shared/connect.ts';
import { OWN } from '#shared/domain/access.ts';
import { fenceLevelsOf } from '#shared/domain/fence-device.ts';
import type { Policy, Segment } from '#shared/domain/policy.ts';
import { segmentsOf, usesAggregates } from '#shared/domain/segments.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { CloudAccess, Fencing } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import { openSite, type SiteFiles } from './open-site.ts';

export interface SiteOptions extends SiteFiles {
  readonly stateDir: string;
  /** Port of the SQS endpoint on 127.0.0.1. */
  readonly port: number;
  /** Of the HTTP endpoint. */
  readonly http: HttpOptions;
  readonly log: Log;
}

export interface Site {
  readonly embedded: Embedded;
  /** Address of the HTTP endpoint. */
  readonly httpUrl: string;
  readonly policy: Policy;
  readonly hosts: number;
  stop(): Promise<void>;
}

/**
 * The pipeline for one site: everything is checked before anything starts.
 * @throws PermanentError that says what is wrong, where, and what to do.
 */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { log, stateDir, port, http: httpOptions } = options;
  const { policy, secrets, connection } = openSite(options);
  const { name, region } = policy.cloud;
  try {
    const hosts = await checkCloud(connection, policy);
    await checkFencing(policy, connection.fencing, hosts);
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    let own: HttpServer | undefined;
    const services = {
      access: withOwn(connection.access, () => own),
      notifier: notifier(secrets),
      compute: connection.compute,
      fencing: connection.fencing,
      guests: systemGuests,
      clock: systemClock,
      chance: systemChance,
      policy,
      log,
    };
    const embedded = await startEmbedded({ stateDir, port, services });
    const { tokens } = connection;
    const http = await startHttpServer(
      { ...embedded.services, queues: embedded.queues, secrets, tokens },
      httpOptions,
    ).catch(async (error: unknown) => {
      await embedded.stop();
      throw error;
    });
    own = http;
    const { endpoint } = embedded;
    log.info('salvor is on watch', { cloud: name, region, hosts: hosts.length, endpoint, http: http.url });
    return {
      embedded,
      httpUrl: http.url,
      policy,
      hosts: hosts.length,
      stop: async () => {
        await http.close();
        await embedded.stop();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** salvor's own HTTP endpoint ends by its certificate as well. */
const withOwn = (access: CloudAccess, server: () => HttpServer | undefined): CloudAccess => ({
  ...access,
  certificates: async () => {
    const { url = '', certificate } = server() ?? {};
    const own = certificate === undefined ? [] : [{ of: OWN, address: url, ...certificate }];
    return [...own, ...(await access.certificates())];
  },
});

/** A host and the segment of the policy that holds it. */
interface HeldHost {
  readonly host: string;
  readonly segment: Segment;
}

async function checkCloud({ compute, session }: Connection, policy: Policy): Promise<readonly HeldHost[]> {
  const where = session.cloud.authUrl;
  try {
    const [services, aggregates] = await Promise.all([
      compute.services(),
      usesAggregates(policy) ? compute.aggregates() : [],
    ]);
    const held = services.map((service) => ({ host: service.host, segments: segmentsOf(policy, service, aggregates) }));
    const twice = held.find(({ segments }) => segments.length > 1);
    if (twice !== undefined)
      throw new PermanentError(
        `host ${twice.host} is in several segments of the policy: ${twice.segments.map((segment) => segment.name).join(', ')}; make them disjoint`,
      );
    for (const segment of policy.segments)
      if (!held.some(({ segments }) => segments.includes(segment)))
        throw new PermanentError(
          `segment ${segment.name} of the policy holds no compute host of ${where}: compare it with "openstack compute service list"`,
        );
    return held.flatMap(({ host, segments: [segment] }) => (segment === undefined ? [] : [{ host, segment }]));
  } catch (error) {
    if (error instanceof RetryableError)
      throw new PermanentError(`the cloud at ${where} does not answer: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Each host has a device, or a watchdog that the policy takes; and of each driver and secret one device can be made ready.
 * Nothing is sent to it.
 */
async function checkFencing(policy: Policy, fencing: Fencing, hosts: readonly HeldHost[]): Promise<void> {
  const devices = hosts.map(({ host, segment }) => ({ host, segment, configs: fenceLevelsOf(policy, host).flat() }));
  const without = devices
    .filter(({ configs, segment }) => configs.length === 0 && segment.fencing.watchdog === undefined)
    .map(({ host }) => host);
  if (without.length > 0)
    throw new PermanentError(
      `the policy names no fence device for ${without.slice(0, 5).join(', ')}${without.length > 5 ? ` and ${without.length - 5} more` : ''}: without one a host is never fenced, and nothing of it is evacuated; add it under fenceDevices, or set fencing.watchdog of the segment`,
    );
  const kinds = new Map(
    devices.flatMap(({ configs }) => configs.map((config) => [`${config.driver} ${config.credentials}`, config])),
  );
  for (const config of kinds.values()) await fencing.device(config);
}
