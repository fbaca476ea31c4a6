import { afterEach, describe, expect, it } from 'vitest';
import { ironicDevice } from '#shared/adapters/fencing/ironic/device.ts';
import { standaloneIronic } from '#shared/adapters/fencing/ironic/standalone.ts';
import { openBench } from '../../sim/bench.ts';
import { type Reply, serve } from '../server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const HOST = 'compute-1';
const NODE = {
  uuid: '1be26c0b-03f2-4d2e-ae87-c02d7f33c123',
  power_state: 'power on',
  target_power_state: null,
  last_error: null,
  maintenance: false,
  maintenance_reason: null,
  fault: null,
  conductor: 'conductor-1',
  provision_state: 'active',
};

async function onSim(timeoutSeconds = 2) {
  const { cloud, clock } = await openBench();
  const { url, username, password, node } = cloud.power.ironic;
  const device = ironicDevice({
    bareMetal: standaloneIronic({ url: new URL(url), username, password, version: '0' }),
    node: HOST,
    timeoutSeconds,
  });
  return { cloud, clock, device, node: node(HOST) };
}

/** An Ironic that has one node, and answers a power-off as told. */
async function onServer(node: object, put: Reply = { status: 202, body: '' }, timeoutSeconds = 1) {
  const server = await serve(({ method }) => (method === 'GET' ? { body: { ...NODE, ...node } } : put));
  closers.push(server.close);
  const options = { url: new URL(`${server.url}/v1/`), username: 'salvor', password: 'geheim', version: '0' };
  const device = ironicDevice({ bareMetal: standaloneIronic(options), node: 'rack 1/a', timeoutSeconds });
  return { device, requests: server.requests };
}

describe('what Ironic has of a node', () => {
  it.each<[string, object, 'on' | 'off' | 'unknown', string]>([
    ['is on', {}, 'on', 'power_state power on'],
    ['is off', { power_state: 'power off' }, 'off', 'power_state power off'],
    ['is an error', { power_state: 'error' }, 'unknown', 'power_state error'],
    ['is nothing yet', { power_state: null }, 'unknown', 'power_state none'],
    ['is on its way down', { target_power_state: 'power off' }, 'on', 'power_state power on, on its way to power off'],
    [
      'is asked down again',
      { power_state: 'power off', target_power_state: 'power off' },
      'unknown',
      'on its way to power off',
    ],
    ['is on its way up', { power_state: 'power off', target_power_state: 'power on' }, 'on', 'on its way to power on'],
    ['is rebooting', { power_state: 'power off', target_power_state: 'rebooting' }, 'on', 'on its way to rebooting'],
    [
      'is in maintenance',
      { power_state: 'power off', maintenance: true, maintenance_reason: 'new disk' },
      'unknown',
      'it is in maintenance (new disk)',
    ],
    [
      'has a BMC that is lost',
      { power_state: 'power off', maintenance: true, fault: 'power failure' },
      'unknown',
      'it is in maintenance (power failure)',
    ],
    [
      'is only enrolled',
      { power_state: 'power off', provision_state: 'enroll' },
      'unknown',
      'its provision state is enroll',
    ],
    [
      'is being cleaned',
      { power_state: 'power off', provision_state: 'clean wait' },
      'unknown',
      'its provision state is clean wait',
    ],
    ['is only managed', { power_state: 'power off', provision_state: 'manageable' }, 'off', 'power_state power off'],
    [
      'is looked after by nobody',
      { power_state: 'power off', conductor: null },
      'unknown',
      'no conductor looks after the node',
    ],
    [
      'is off after a power-off that failed',
      { power_state: 'power off', last_error: 'Failed to change power state to x' },
      'on',
      'not believed before a power-off ends well: Failed to change',
    ],
    [
      'is off after a cleaning that failed',
      { power_state: 'power off', last_error: 'Clean step failed' },
      'off',
      'power_state power off',
    ],
    [
      'is on after a power-off that failed',
      { last_error: 'Failed to change power state to x' },
      'on',
      'power_state power on: Failed to change',
    ],
  ])('%s', async (_name, node, power, detail) => {
    const { device } = await onServer(node);
    expect(await device.readPower()).toMatchObject({
      power,
      systemUuid: NODE.uuid,
      detail: expect.stringContaining(detail),
    });
  });

  it('is asked for with its version and account, below v1, by its name', async () => {
    const { device, requests } = await onServer({});
    await device.readPower();
    expect(requests[0]?.path).toMatch(/^\/v1\/nodes\/rack%201%2Fa\?fields=uuid,power_state,/);
    expect(requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('salvor:geheim').toString('base64')}`,
      'x-openstack-ironic-api-version': '1.49',
    });
  });

  it('is unknown when it is not a node', async () => {
    const { device } = await onServer({ maintenance: 'no' });
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      detail: 'Ironic: maintenance is not as a node has it',
    });
  });
});

describe('a power-off', () => {
  it('is one request, and waits for Ironic to be done with it', async () => {
    const { device, requests } = await onServer({ power_state: 'power off' });
    expect(await device.powerOff(NODE.uuid.toUpperCase())).toMatchObject({
      kind: 'accepted',
      detail: 'power off answered 202, and Ironic is done with it: power_state power off',
    });
    const [, put] = requests;
    expect(put).toMatchObject({
      method: 'PUT',
      path: '/v1/nodes/rack%201%2Fa/states/power',
      body: '{"target":"power off"}',
    });
    expect(requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  it('that Ironic is still at ends in its time', async () => {
    const { device } = await onServer({ target_power_state: 'power off' });
    const answer = await device.powerOff(null);
    expect(answer).toMatchObject({ kind: 'accepted', detail: 'power off answered 202, and Ironic is still at it' });
    expect(answer.durationMs).toBeLessThanOrEqual(1000);
  });

  const text = (faultstring: string) => ({
    error_message: JSON.stringify({ faultcode: 'Client', faultstring, debuginfo: null }),
  });
  it.each<[Reply, 'refused' | 'unknown', string]>([
    [
      { status: 409, body: text('Node is locked by host c1') },
      'unknown',
      'power off answered 409: Node is locked by host c1',
    ],
    [{ status: 400, body: text('can not be performed') }, 'refused', 'power off answered 400: can not be performed'],
    [
      { status: 403, body: { error_message: { faultstring: 'no geheim' } } },
      'refused',
      'power off answered 403: no ***',
    ],
    [
      { status: 406, body: { error_message: JSON.stringify({ code: 406, description: 'up to 1.31' }) } },
      'refused',
      '406: up to 1.31',
    ],
    [{ status: 401, body: { error: { message: 'Incorrect', code: 401 } } }, 'refused', '401: Incorrect'],
    [{ status: 503, body: 'No conductor' }, 'unknown', '503: No conductor'],
    [{ status: 500 }, 'unknown', '500'],
    ['drop', 'unknown', 'power off: connection closed'],
    ['hang', 'unknown', 'power off: no complete answer'],
  ])('answered with %j is %s', async (put, kind, detail) => {
    const { device } = await onServer({}, put, 0.4);
    expect(await device.powerOff(null)).toMatchObject({ kind, detail: expect.stringContaining(detail) });
  });

  it('leaves a node in maintenance alone', async () => {
    const { device, requests } = await onServer({ maintenance: true, maintenance_reason: 'new disk' });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: Ironic does not look after the node: it is in maintenance (new disk)',
    });
    expect(requests).toHaveLength(1);
  });

  it('that the BMC did not do is not accepted, nor is its record believed', async () => {
    const { cloud, device, node } = await onSim();
    // Somebody has switched the machine on past Ironic, and its BMC is gone.
    Object.assign(node, { powerState: 'power off' });
    cloud.faults.set({ kind: 'bmc-error', host: HOST });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'unknown',
      detail: expect.stringContaining('Failed to change power state'),
    });
    expect((await device.readPower()).power).toBe('on');
    cloud.faults.clear();
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect((await device.readPower()).power).toBe('off');
    expect(cloud.host(HOST).power).toBe('off');
  });

  it('that takes long shows as on its way, and is refused to others meanwhile', async () => {
    const { cloud, clock, device } = await onSim(0.5);
    cloud.faults.set({ kind: 'bmc-stuck', host: HOST, count: 1 });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'accepted',
      detail: expect.stringContaining('still at it'),
    });
    expect(await device.readPower()).toMatchObject({ power: 'on', detail: expect.stringContaining('on its way') });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'unknown',
      detail: expect.stringContaining('is locked'),
    });
    clock.advance(30_000);
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect((await device.readPower()).power).toBe('off');
  });
});

it('a machine that was switched on past Ironic shows within its minute', async () => {
  const { cloud, clock, device } = await onSim();
  await device.powerOff(null);
  cloud.powerOn(HOST);
  expect((await device.readPower()).power).toBe('off');
  clock.advance(60_000);
  expect((await device.readPower()).power).toBe('on');
});

describe('a power-on', () => {
  it('is the other target, and waits for Ironic as well', async () => {
    const { device, requests } = await onServer({});
    expect(await device.powerOn(NODE.uuid)).toMatchObject({
      kind: 'accepted',
      detail: 'power on answered 202, and Ironic is done with it: power_state power on',
    });
    expect(requests.filter(({ method }) => method === 'PUT')).toMatchObject([{ body: '{"target":"power on"}' }]);
  });

  it('leaves a node in maintenance alone', async () => {
    const { device, requests } = await onServer({ power_state: 'power off', maintenance: true });
    expect(await device.powerOn(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: Ironic does not look after the node: it is in maintenance',
    });
    expect(requests).toHaveLength(1);
  });
});
