/**
 * A root disk that is lost with its host, on a real Nova: evacuated to end stopped, rebuilt from the newest snapshot that Nova has
 * made of the instance, and started. Who has not asked for that, and who has no snapshot, stays where the rest of the disk is.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import { streamOfTask } from '#shared/domain/audit.ts';
import { readIncidentAudit } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { evacuationsOf } from './evacuation.ts';
import { hostsRunning } from './ledger.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { boot, snapshotOf, waitForServer } from './servers.ts';
import { describeOnRig, tidy } from './suite.ts';

const host = 'compute-1';
/** The rig's hypervisors then say that the disk is not there. */
const LOCAL = { 'rig:local_disk': 'true' };
const ASKED = { ...LOCAL, 'salvor:restart_from_snapshot': 'true' };

describeOnRig('disks that are lost with a host of a real cloud', (bench) => {
  let pipeline: RigPipeline | undefined;
  afterEach(async () => {
    await pipeline?.stop();
    await tidy(bench().rig, bench().admin);
  });

  it('an instance comes back from its newest snapshot where its owner has asked for it, and nothing else is touched', async () => {
    const { rig, admin, base } = bench();
    const [asked = ''] = await boot(admin, base, { count: 1, host, name: 'asked', metadata: ASKED });
    const [silent = ''] = await boot(admin, base, { count: 1, host, name: 'silent', metadata: LOCAL });
    const [without = ''] = await boot(admin, base, { count: 1, host, name: 'without', metadata: ASKED });
    await snapshotOf(admin, asked);
    // Glance keeps whole seconds.
    await pause(1100);
    const newest = await snapshotOf(admin, asked);
    await snapshotOf(admin, silent);
    const instances = { restartFromSnapshot: { maxAgeSeconds: 3600 } };
    pipeline = await startRigPipeline(rig, rigPolicy(rig, { instances, evacuation: { pollSeconds: 1 } }));
    await rig.killCompute(host);
    await pipeline.reportDown(host);
    const incident = await pipeline.closed();

    expect(incident).toMatchObject({ outcome: 'partly-recovered' });
    const tasks = (await loadTasks(pipeline.embedded.state, incident.id)).map(({ value }) => value);
    const ended = new Map(tasks.map(({ instanceId, progress }) => [instanceId, progress]));
    const server = await waitForServer(admin, asked, ({ status }) => status === 'ACTIVE');
    expect(server.host).not.toBe(host);
    expect(ended.get(asked)).toMatchObject({
      ...{ status: 'ended', outcome: 'restarted-from-snapshot', destination: server.host },
      because: expect.stringContaining(newest),
    });
    expect(await imageOf(asked)).toBe(newest);
    for (const [id, because] of [
      [silent, 'its owner has not asked'],
      [without, 'there is no snapshot of it'],
    ] as const) {
      expect(ended.get(id)).toMatchObject({
        ...{ outcome: 'not-recoverable', because: expect.stringContaining(because) },
      });
      expect(await evacuationsOf(admin, id)).toEqual([]);
      expect(await waitForServer(admin, id, () => true)).toMatchObject({ host });
    }

    const ledger = await rig.ledger();
    expect(hostsRunning(ledger, asked)).toEqual([server.host]);
    expect(ledger.filter(({ what, serverId }) => what === 'DOUBLE' && serverId === asked)).toEqual([]);
    const { streams } = await readIncidentAudit(pipeline.embedded.state, incident);
    const { records = [], fault } = streams.get(streamOfTask(incident.id, asked)) ?? {};
    expect(fault).toBeUndefined();
    const requests = records.flatMap(({ fact }) =>
      ['evacuate-answered', 'restore-answered'].includes(fact.type) ? [fact] : [],
    );
    const accepted = { answer: 'accepted', requestId: expect.stringMatching(/^req-/) };
    expect(requests).toMatchObject([
      { type: 'evacuate-answered', ...accepted },
      { step: 'rebuild', ...accepted },
      { step: 'start', ...accepted },
    ]);
    // Nova starts it for a moment at the end of the first two, and stops it at once; the third start is the one that stays.
    const startAtMs = requests.findLast(({ step }) => step === 'start')?.atMs;
    const there = ledger.filter((entry) => entry.serverId === asked && entry.host === server.host);
    expect(there.map(({ what }) => what)).toEqual(['on', 'off', 'on', 'off', 'on']);
    expect(there.at(-1)?.atMs).toBeGreaterThan(Number(startAtMs) - 5000);
  });

  async function imageOf(id: string): Promise<string> {
    const answer = await bench().admin.get('compute', `/servers/${id}`, serverImage, { microversion: '2.90' });
    return answer.server.image.id;
  }
});

const serverImage = z.object({ server: z.object({ image: z.object({ id: z.string() }) }) });
