/** Who follows sees each record of what is open once, whenever he looks. */
import { expect, it } from 'vitest';
import { listIncidents } from '#shared/state/hosts.ts';
import { readIncidentAudit } from '#shared/state/read-audit.ts';
import { type Followed, Follower } from '#shared/views/follow.ts';
import { aPolicy, seconds } from '#test/support/builders.ts';
import { fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

async function aWorld() {
  const services = fakeServices(aPolicy({}, { graceSeconds: 30 }));
  const pipeline = new Pipeline(services);
  await pipeline.start();
  const idsOf = (followed: readonly Followed[]) => followed.map(({ record: { stream, seq } }) => `${stream} ${seq}`);
  const audit = async () => {
    const [incident] = await Array.fromAsync(listIncidents(services.state));
    if (incident === undefined) throw new Error('no incident');
    const { streams } = await readIncidentAudit(services.state, incident);
    return [...streams.values()].flatMap(({ records }) => records.map(({ stream, seq }) => `${stream} ${seq}`)).sort();
  };
  const runOn = async (count: number) => {
    const endMs = services.clock.now() + seconds(count);
    await pipeline.run(count);
    services.clock.nowMs = endMs;
  };
  return { services, pipeline, runOn, follower: new Follower(services.state, 0), idsOf, audit };
}

it.each([1, 7, 45])('tells every record once, looking each %d s, until nothing is open', async (everySeconds) => {
  const { pipeline, runOn, follower, idsOf, audit } = await aWorld();
  pipeline.report();
  const told: Followed[] = [...(await follower.next())];
  expect(follower.isQuiet).toBe(true);
  for (let second = everySeconds; second < 600; second += everySeconds) {
    await runOn(everySeconds);
    told.push(...(await follower.next()));
  }
  expect(follower.isQuiet).toBe(true);
  expect(idsOf(told).sort()).toEqual(await audit());
  expect(idsOf(told).at(-1)).toMatch(/^incident#/);
  expect(told.find(({ record }) => record.stream.startsWith('task#'))).toMatchObject({
    host: 'compute-1',
    about: expect.stringMatching(/^web-/),
  });
});

it('tells one who comes late all of what is open, and asks no stream again that has nothing new', async () => {
  const { services, pipeline, follower, idsOf, audit } = await aWorld();
  pipeline.report();
  await pipeline.run(33);
  expect(idsOf(await follower.next()).sort()).toEqual(await audit());
  const before = services.state.reads;
  expect(await follower.next()).toEqual([]);
  // What is due, the incidents, and the tasks of the open one.
  expect(services.state.reads - before).toBeLessThanOrEqual(4);
});
