import { afterEach, describe, expect, it } from 'vitest';
import type { HostLog } from '#shared/domain/replay/log.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import { otherCourse } from '#shared/domain/replay/what-if.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { aPolicy, aService, HOST_KEY, type SegmentInput, servicesOf } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
afterEach(() => services.state.close());

/** A host that three instances run on, under a grace of 30 s. */
async function recorded(story: (pipeline: Pipeline) => Promise<void>): Promise<HostLog> {
  services = fakeServices(aPolicy({}, { graceSeconds: 30 }));
  const pipeline = new Pipeline(services);
  await pipeline.start();
  await story(pipeline);
  return readHostLog(services.state, HOST_KEY);
}
const dies = (pipeline: Pipeline): Promise<void> => {
  pipeline.report();
  return pipeline.run();
};
/** Nova still sees it up, so that it is held, and after 40 s it is reported up. */
const isOnlySuspected = async (pipeline: Pipeline): Promise<void> => {
  services.cloud.services = [aService({ state: 'up' }), ...servicesOf(5).slice(1)];
  pipeline.report();
  await pipeline.run(40);
  pipeline.report({ type: 'host.up', source: '/monitor/b' });
  await pipeline.run();
};

function under(log: HostLog, segment: Partial<SegmentInput>) {
  const incidentId = log.incidents[0]?.id ?? '';
  const other = aPolicy({}, { graceSeconds: 30, ...segment });
  return otherCourse(log, incidentId, other, replayHost(log, { incidentId, other }));
}
const whatOf = (course: ReturnType<typeof under>) => course?.course.map(({ what }) => what.split(/[,:]/)[0]);

describe('the course under another policy', () => {
  it('is not told where nothing before the power-off is decided otherwise', async () => {
    const log = await recorded(dies);
    expect(under(log, {})).toBeUndefined();
    expect(under(log, { instances: { protect: 'opted-in' } })).toBeUndefined();
  });

  it('with a longer grace comes later, and says that it was acted upon meanwhile', async () => {
    const course = under(await recorded(dies), { graceSeconds: 90 });
    expect(whatOf(course)).toEqual(['incident opened', 'confirmed down (by what was read 60 s before)']);
    expect(course?.end).toMatch(
      /fenced, 60\.0 s later than it was.*the log can't tell: salvor acted on it 60\.0 s before/,
    );
  });

  it('with a shorter grace comes earlier, on what was read later', async () => {
    const course = under(await recorded(dies), { graceSeconds: 10 });
    expect(whatOf(course)).toEqual(['incident opened', 'confirmed down (by what was read 20 s later)']);
    expect(course?.end).toMatch(/fenced, 20\.0 s earlier than it was\. What its device would have said/);
  });

  it('with a grace that outlasts the failure leaves the host alone without holding it', async () => {
    const course = under(await recorded(isOnlySuspected), { graceSeconds: 60 });
    expect(whatOf(course)).toEqual(['incident opened', 'closed as stood-down']);
    expect(course?.end).toBe('Nothing would have been done to the host.');
  });

  it('that does not ask Nova would have fenced a host that came back by itself', async () => {
    const course = under(await recorded(isOnlySuspected), { requireNovaDown: false });
    expect(whatOf(course)).toEqual(['incident opened', 'confirmed down']);
    expect(course?.end).toMatch(/^The host would have been fenced\. /);
  });

  it('that asks for more than there is holds the host to the end of the log', async () => {
    const course = under(await recorded(dies), { minHealthyHosts: 9 });
    expect(whatOf(course)).toEqual(['incident opened', 'held']);
    expect(course?.end).toMatch(/^It would be held: 5 other healthy hosts .* The log holds no later reading\.$/);
  });

  it('in shadow mode ends where it would have been fenced', async () => {
    const course = under(await recorded(dies), { mode: 'shadow' });
    expect(whatOf(course)).toEqual(['incident opened', 'confirmed down', 'closed as shadow']);
  });

  it('that does not protect the host opens no incident', async () => {
    expect(under(await recorded(dies), { name: 'az2' })?.end).toBe('No incident would have been opened.');
  });
});
