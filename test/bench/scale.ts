import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { silentLog } from '#cli/output.ts';
import { startEmbedded } from '#infra/embedded/runtime.ts';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import { connect } from '#shared/connect.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { type CloudClient, forkCloud } from './cloud-client.ts';

/** From the first accepted event to the last instance well, on a simulated Nova that answers at once. */
export interface ScaleFigures {
  readonly hosts: number;
  readonly instances: number;
  readonly seconds: number;
  readonly instancesPerSecond: number;
  /** As the cloud counted them. */
  readonly novaRequestsPerInstance: number;
  readonly evacuateRequests: number;
  readonly doubles: number;
}

const LIMIT_MS = 180_000;

export async function measureScale(victimCount: number, instancesEach: number): Promise<ScaleFigures> {
  const victims = Array.from({ length: victimCount }, (_, index) => `compute-${index + 1}`);
  const cloud = await forkCloud({ hosts: victimCount + 20, instances: instancesEach, victims });
  const stateDir = mkdtempSync(join(tmpdir(), 'salvor-bench-'));
  const connection = connect(cloudConfig(cloud), { get: async () => cloud.address.bmcCredentials });
  const { compute, fencing } = connection;
  const services = {
    compute,
    fencing,
    policy: policyFor(cloud),
    clock: systemClock,
    chance: systemChance,
    guests: systemGuests,
    log: silentLog,
  };
  const embedded = await startEmbedded({ stateDir, port: 0, services });
  try {
    await cloud.kill(victims);
    const startedMs = Date.now();
    const QueueUrl = embedded.queueUrls['host-events'];
    for (let sent = 0; sent < victims.length; sent += 10) {
      const Entries = victims
        .slice(sent, sent + 10)
        .map((host, index) => ({ Id: String(index), MessageBody: hostDown(host) }));
      await embedded.client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
    const wanted = victimCount * instancesEach;
    let report = await cloud.report();
    while (report.evacuated < wanted) {
      if (Date.now() - startedMs > LIMIT_MS) throw new Error(`${report.evacuated} of ${wanted} after ${LIMIT_MS} ms`);
      await pause(250);
      report = await cloud.report();
    }
    const seconds = (report.lastAtMs - startedMs) / 1000;
    return {
      hosts: victimCount,
      instances: wanted,
      seconds,
      instancesPerSecond: wanted / seconds,
      novaRequestsPerInstance: report.novaRequests / wanted,
      evacuateRequests: report.evacuateRequests,
      doubles: report.doubles,
    };
  } finally {
    await embedded.stop();
    await connection.close();
    await cloud.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

function hostDown(host: string): string {
  const time = new Date().toISOString();
  return JSON.stringify({
    specversion: '1.0',
    id: randomUUID(),
    source: '/bench',
    type: 'host.down',
    time,
    data: { host },
  });
}

function cloudConfig({ address }: CloudClient) {
  const { id, secret } = address.applicationCredential;
  const auth = { auth_url: address.authUrl, application_credential_id: id, application_credential_secret: secret };
  return cloudFromSecret({ auth, auth_type: 'v3applicationcredential', region_name: address.region }, 'bench');
}

function policyFor({ address }: CloudClient) {
  const storm = { maxHosts: 1000, maxPercent: 100 };
  const device = (url: string) => ({ driver: 'redfish' as const, url, credentials: 'bmc' });
  return policySchema.parse({
    version: 1,
    cloud: { name: 'bench', region: address.region },
    settling: { pauseSeconds: 0 },
    watch: { everySeconds: 0 },
    observer: { minHostsUpPercent: 0 },
    segments: [
      {
        name: 'all',
        hosts: { availabilityZone: 'nova' },
        graceSeconds: 0,
        requireNovaDown: false,
        storm,
        reporters: { maxAccusedHosts: 1000 },
        instances: { sharedInstanceStorage: true },
        evacuation: { maxInFlight: 200, maxInFlightPerDestination: 50, pollSeconds: 1 },
      },
    ],
    fenceDevices: Object.fromEntries(Object.entries(address.systems).map(([host, url]) => [host, device(url)])),
    global: { storm, maxEvacuationsInFlight: 2000 },
  });
}
