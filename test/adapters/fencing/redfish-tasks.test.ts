import { afterEach, expect, it } from 'vitest';
import type { Reply } from '../server.ts';
import { type Bmc, closers, SYSTEM, setup, system, TARGET } from './bmc.ts';

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const MONITOR = '/redfish/v1/TaskService/TaskMonitors/42';
const task = (state: string, more: object = {}) => ({ '@odata.type': '#Task.v1_4_3.Task', TaskState: state, ...more });

/** The system is off from the given look on; the monitor answers as told, the last answer for good. */
function bmc(offFrom: number, monitor: readonly Reply[], accepted: Reply = BY_LOCATION): Bmc {
  return {
    at: {
      [`GET ${SYSTEM}`]: (_, index) => ({ body: system({ PowerState: index >= offFrom ? 'Off' : 'On' }) }),
      [`POST ${TARGET}`]: accepted,
      [`GET ${MONITOR}`]: (_, index) => monitor[Math.min(index, monitor.length - 1)] ?? 'drop',
    },
  };
}
const BY_LOCATION: Reply = { status: 202, headers: { location: MONITOR }, body: task('New') };
const NEVER = 99;

it.each<[string, Reply]>([
  ['Location', BY_LOCATION],
  [
    'Location with the name that the device has for itself',
    { status: 202, headers: { location: `https://xcc-7${MONITOR}` }, body: '' },
  ],
  ['TaskMonitor', { status: 202, body: task('New', { TaskMonitor: MONITOR }) }],
  ['the task itself', { status: 202, body: task('New', { '@odata.id': MONITOR }) }],
])('a task is followed by its %s until the system is off', async (_name, accepted) => {
  const { device, seen } = await setup(bmc(3, [{ status: 202, body: task('Running') }], accepted));
  expect(await device.powerOff(null)).toMatchObject({
    kind: 'accepted',
    detail: 'ForceOff answered 202, and it is off',
  });
  expect(seen()).toContain(`GET ${MONITOR}`);
});

it.each<[string, Reply]>([
  ['204', { status: 204, body: '' }],
  ['200', { status: 200, body: task('Completed') }],
  ['404, as it is forgotten', { status: 404 }],
  ['nothing', 'drop'],
])('a task that answers %s is over', async (_name, end) => {
  const { device } = await setup(bmc(NEVER, [{ status: 202 }, { status: 200, body: task('Running') }, end]));
  expect(await device.powerOff(null)).toMatchObject({
    kind: 'accepted',
    detail: 'ForceOff answered 202, and its task is over',
  });
});

const MESSAGES = [{ MessageId: 'Base.1.8.InternalError', Message: 'The chassis did not answer.' }];
it.each<[string, Reply, 'unknown' | 'refused', string]>([
  [
    'ends as an exception',
    { body: task('Exception', { Messages: MESSAGES }) },
    'unknown',
    'its task ended as Exception: The chassis did not answer.',
  ],
  ['is killed', { status: 202, body: task('Killed') }, 'unknown', 'its task ended as Killed'],
  [
    'fails as the request would have',
    { status: 400, body: { error: { message: 'not now' } } },
    'refused',
    'its task answered 400: not now',
  ],
  ['breaks', { status: 500 }, 'unknown', 'its task answered 500'],
])('a task that %s is no power-off', async (_name, end, kind, detail) => {
  const { device } = await setup(bmc(NEVER, [{ status: 202 }, end]));
  expect(await device.powerOff(null)).toMatchObject({ kind, detail: expect.stringContaining(detail) });
});

it('a task that fails as the system is off already has done what was asked', async () => {
  const end = { status: 409, body: { error: { message: 'already off' } } };
  const { device } = await setup(bmc(2, [end]));
  expect(await device.powerOff(null)).toMatchObject({
    kind: 'accepted',
    detail: 'it was off already (ForceOff answered 202, and its task answered 409: already off)',
  });
});

it('a task that goes on is left to the readings', async () => {
  const { device } = await setup(bmc(NEVER, [{ status: 202 }]), { timeoutSeconds: 1 });
  const answer = await device.powerOff(null);
  expect(answer).toMatchObject({ kind: 'accepted', detail: 'ForceOff answered 202, and its task still runs' });
  expect(answer.durationMs).toBeLessThanOrEqual(1000);
});

it('a task is asked no oftener than it wants, and the power all the same', async () => {
  const slow: Reply = { status: 202, headers: { 'retry-after': '60' }, body: '' };
  const { device, seen } = await setup(bmc(4, [slow]));
  expect(await device.powerOff(null)).toMatchObject({
    kind: 'accepted',
    detail: 'ForceOff answered 202, and it is off',
  });
  expect(seen().filter((line) => line.endsWith(MONITOR))).toHaveLength(1);
});

it('a task on another machine is not followed there', async () => {
  const accepted: Reply = { status: 202, body: task('New', { TaskMonitor: 'http://127.0.0.2/task' }) };
  const { device } = await setup(bmc(NEVER, [], accepted));
  expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
});
