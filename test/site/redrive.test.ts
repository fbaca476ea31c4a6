import { join } from 'node:path';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterEach, expect, it } from 'vitest';
import { silentLog } from '#cli/output.ts';
import { QUEUES } from '#events/catalog.ts';
import { type Embedded, startEmbedded } from '#infra/embedded/runtime.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import type { Connection } from '#shared/connect.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Services } from '#shared/services.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import { connectionTo } from '../soak/connection.ts';
import { judge } from '../soak/judge.ts';
import { type Scene, setScene, VICTIMS } from '../soak/scene.ts';
import { salvor, siteFolder } from './salvor-process.ts';

const PATIENCE = { timeout: 90_000, interval: 300 };
const QUICK = { ...QUEUES['host-events'], visibilityTimeoutSeconds: 1 };

let scene: Scene;
let connection: Connection;
let embedded: Embedded;
afterEach(async () => {
  await embedded.stop();
  await connection.close();
  await scene.cloud.stop();
});

it('shows reports that failed to the limit, and recovers what they are about when they are redriven', {
  timeout: 180_000,
}, async () => {
  let diskIsFull = false;
  const failing = (services: Services): Services => ({
    ...services,
    state: {
      ...services.state,
      transact: async (writes) => {
        if (diskIsFull && writes.some(({ partition }) => partition.startsWith('host#')))
          throw new RetryableError('the disk is full');
        await services.state.transact(writes);
      },
    },
  });
  scene = await setScene(1, (_call, pass) => pass());
  const folder = siteFolder(scene.cloud);
  connection = connectionTo(scene.address);
  embedded = await startEmbedded({
    stateDir: join(folder.path, '.salvor'),
    port: 0,
    services: {
      compute: connection.compute,
      fencing: connection.fencing,
      // Reports of salvor's own would fail as well, and be counted.
      policy: policySchema.parse({ ...scene.policy, watch: { everySeconds: 0 } }),
      clock: systemClock,
      chance: systemChance,
      guests: systemGuests,
      log: silentLog,
    },
    queues: { ...QUEUES, 'host-events': QUICK },
    wrap: failing,
  });

  diskIsFull = true;
  const reports = await reportVictims();
  const dead = () => embedded.depths()['host-events'].deadLettered;
  await expect.poll(dead, PATIENCE).toBe(reports.size);
  expect(embedded.depths()['host-events']).toMatchObject({ visible: 0, inFlight: 0, delayed: 0 });
  expect(await incidents()).toEqual([]);

  const shown = await salvor(folder, 'redrive');
  for (const host of VICTIMS)
    expect(shown.stdout).toMatch(new RegExp(`^host-events .*host.down of ${host} by .*to be sent back$`, 'm'));
  expect(shown.stdout).toMatch(/^host-events failed: .*the disk is full/m);
  expect(dead()).toBe(reports.size);

  diskIsFull = false;
  expect((await salvor(folder, 'redrive', '--go')).stdout).toContain(`${reports.size} sent back, 0 void ones deleted`);
  const recovered = async () => (await incidents()).filter(({ outcome }) => outcome === 'recovered').length;
  await expect.poll(recovered, PATIENCE).toBe(VICTIMS.length);
  expect(await judge(scene, reports, embedded.state, 0)).toMatchObject({ broken: [], eventsLost: 0, eventsTwice: 0 });
  expect((await salvor(folder, 'redrive')).stdout).toBe('no dead letters\n');
});

const incidents = () => Array.fromAsync(listIncidents(embedded.state));

/** @returns the ids of the events. */
async function reportVictims(): Promise<ReadonlySet<string>> {
  for (const host of VICTIMS) scene.cloud.killHost(host, { leaveGuestsRunning: true });
  const time = new Date().toISOString();
  const events = ['consul', 'pacemaker'].flatMap((reporter) =>
    VICTIMS.map((host) => {
      const [id, source] = [`${reporter}-${host}`, `/agents/${reporter}`];
      return { specversion: '1.0', id, source, type: 'host.down', time, data: { host } };
    }),
  );
  const Entries = events.map((event) => ({ Id: event.id, MessageBody: JSON.stringify(event) }));
  await embedded.client.send(new SendMessageBatchCommand({ QueueUrl: embedded.queueUrls['host-events'], Entries }));
  return new Set(events.map(({ id }) => id));
}
