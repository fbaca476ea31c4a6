/**
 * Boards that die with their host, on a real Nova: one whose port is closed, and one that takes connections and never answers. The
 * incident waits where everybody sees it, and goes on by the word of people who have seen that the host is off.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { streamOfIncident } from '#shared/domain/audit.ts';
import { openHosts } from '#shared/state/hosts.ts';
import { canLogIn } from '#test/support/logins.ts';
import { type DeadBoard, deadBoard, redfishOf, withLevels } from './boards.ts';
import { evacuationsOf } from './evacuation.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { until } from './poll.ts';
import { salvor, salvorOf } from './salvor.ts';
import { boot, readServer, waitForServer } from './servers.ts';
import { serviceOf } from './services.ts';
import { describeOnRig, tidy } from './suite.ts';
import { factsOf } from './told.ts';

const host = 'compute-3';
/** The logins by which people come in: two names of one login are one person. */
const uids: Readonly<Record<string, number>> = { anna: 4001, bert: 4002 };

describeOnRig('a board that dies with its host of a real cloud', (bench) => {
  let folder = '';
  let pipeline: RigPipeline | undefined;
  let board: DeadBoard | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'salvor-boards-'));
  });
  afterEach(async () => {
    await pipeline?.stop();
    await board?.close();
    await rm(folder, { recursive: true, force: true });
    await tidy(bench().rig, bench().admin);
  });

  const confirmOff = (by: string, login = by): Promise<string> => {
    const command = ['confirm-off', host, '--reason', 'I stand before it: its lamps are out', '--by', by];
    return canLogIn() ? salvorOf(uids[login] ?? 0, folder, ...command) : salvor(folder, ...command);
  };

  it.for([
    { dead: 'a closed port', isSilent: false, people: ['anna'] },
    { dead: 'a board that takes the connection and says nothing', isSilent: true, people: ['anna', 'bert'] },
  ])('$dead: nothing is evacuated until $people say that it is off', async ({ isSilent, people }, { skip }) => {
    if (people.length > 1) skip(!canLogIn(), 'no second login can be begun here');
    const { rig, admin, base } = bench();
    const [id = ''] = await boot(admin, base, { count: 1, host });
    const dead = await deadBoard(isSilent);
    board = dead;
    const policy = rigPolicy(rig, {
      fencing: { retryBaseSeconds: 1, retryMaxSeconds: 2, confirmOff: { people: people.length } },
    });
    const started = await startRigPipeline(rig, withLevels(policy, host, [redfishOf(rig, host, dead.url)]), folder);
    pipeline = started;
    await rig.power(host, 'off');
    await started.reportDown(host);
    const waiting = await until('its board to have been asked in vain, and again', async () => {
      const [open] = await openHosts(started.embedded.state, Number.MAX_SAFE_INTEGER);
      return open?.incident?.status === 'fencing' && open.incident.failures > 1 ? open.incident : undefined;
    });
    if (isSilent) expect(dead.connections()).toBeGreaterThan(1);

    // In plain sight, and nobody acts without a proof.
    expect(await salvor(folder, 'incidents')).toMatch(new RegExp(`${host} .*fencing`));
    for (const [index, by] of people.entries()) {
      await pause(1000);
      expect(await readServer(admin, id)).toMatchObject({ host, status: 'ACTIVE' });
      expect(await evacuationsOf(admin, id)).toEqual([]);
      expect(await serviceOf(admin, host)).toMatchObject({ forced_down: false });
      const left = people.length - index - 1;
      expect(await confirmOff(by)).toMatch(left === 0 ? / obeyed: confirmed: / : / obeyed: noted; 1 more must confirm/);
      if (left === 0) continue;
      // One person is not two, by whichever name.
      const refusals = { [by]: `${by} has said so already`, carl: `which has said so already as ${by}` };
      for (const [name, refusal] of Object.entries(refusals))
        await expect(confirmOff(name, by)).rejects.toMatchObject({
          ...{ code: 1, stdout: expect.stringContaining(`${refusal}: another person must confirm it`) },
        });
    }
    expect(await started.closed()).toMatchObject({ id: waiting.id, outcome: 'recovered' });
    const { host: now } = await waitForServer(
      admin,
      id,
      ({ status, taskState }) => status === 'ACTIVE' && taskState === undefined,
    );
    expect(now).not.toBe(host);
    const facts = await factsOf(started, streamOfIncident(waiting.id));
    expect(facts.find(({ type }) => type === 'proof-made')).toMatchObject({
      proof: {
        kind: 'operator-confirmation',
        detail: expect.stringMatching(
          new RegExp(`confirmed by ${people.map((by) => `${by} \\(uid \\d+\\)`).join(' and ')}: `),
        ),
      },
    });
    expect(facts.filter(({ type }) => type === 'off-confirmed')).toMatchObject(people.map((by) => ({ by })));
  });
});
