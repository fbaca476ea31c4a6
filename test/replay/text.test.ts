import { afterEach, expect, it } from 'vitest';
import { otherwiseLines, replayText, subjectOf } from '#cli/commands/replay-text.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import { otherCourse } from '#shared/domain/replay/what-if.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { aPolicy, HOST_KEY } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
afterEach(() => services.state.close());

it('a replay is printed with a line for each decision about the host, the tasks by kind, and what differs alike once', async () => {
  services = fakeServices(aPolicy({}, { graceSeconds: 30 }));
  const pipeline = new Pipeline(services);
  await pipeline.start();
  pipeline.report();
  await pipeline.run();
  const log = await readHostLog(services.state, HOST_KEY);
  const [incident] = await Array.fromAsync(listIncidents(services.state));
  if (incident === undefined) throw new Error('there was an incident');
  const { id: incidentId } = incident;

  const optIn = aPolicy({}, { graceSeconds: 30, instances: { protect: 'opted-in' } });
  const text = replayText(subjectOf(incident), replayHost(log, { incidentId, other: optIn }), 'other.yaml');
  expect(text).toMatch(
    /^incident \S+ of compute-1: recovered; \d+ decisions made again from the log, under other\.yaml$/m,
  );
  expect(text).toMatch(/^\+30\.00 s {2}incident {2}2 +gates +confirmed +same$/m);
  expect(text).toMatch(/^planning +task-planned +3 +0 +3 +0$/m);
  expect(text).toMatch(
    /record 1, by planning, and 2 alike:\n.*\n {2}at facts\[0\]\.decision\n {4}recorded "evacuate"\n {4}now {6}"leave"$/m,
  );
  expect(text).toMatch(/\d+ the same, \d+ different, 0 that can not be made again$/);

  const longer = aPolicy({}, { graceSeconds: 90 });
  const course = otherCourse(log, incidentId, longer, replayHost(log, { incidentId, other: longer }));
  expect(otherwiseLines(subjectOf(incident), course).join('\n')).toMatch(/^ {2}\+90\.00 s confirmed down/m);
});
