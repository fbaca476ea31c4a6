import { describe, expect, it } from 'vitest';
import { metal3Device } from '#shared/adapters/fencing/metal3/device.ts';
import { openBench } from '../../sim/bench.ts';

const HOST = 'compute-1';
const REBOOT = 'reboot.metal3.io';
const MARK = 'salvor/power-off';

async function setup(timeoutSeconds = 0.5) {
  const { cloud, clock } = await openBench();
  const { url, token, namespace, bareMetalHost } = cloud.power.metal3;
  const device = metal3Device({ url: new URL(url), token, namespace, name: HOST, version: '0', timeoutSeconds });
  return { cloud, clock, device, bmh: bareMetalHost(HOST) };
}

/** The host is off, for whatever reason, and Metal3 has seen it. */
async function foundOff() {
  const bench = await setup();
  bench.cloud.powerOff(HOST);
  Object.assign(bench.bmh, { online: false, poweredOn: false });
  return bench;
}

describe('a power-off', () => {
  it('is one merge patch: off, hard, and marked with the generation that the spec then has', async () => {
    const { cloud, device, bmh } = await setup();
    const { generation, resourceVersion } = bmh;
    expect(await device.powerOff(bmh.uid)).toMatchObject({
      kind: 'accepted',
      detail: 'the patch answered 200, and it is off',
    });
    const [patch, ...others] = cloud.requestLog.find({ api: 'metal3', method: 'PATCH' });
    expect(others).toEqual([]);
    expect(patch?.body).toEqual({
      metadata: {
        resourceVersion: String(resourceVersion),
        annotations: {
          [REBOOT]: '{"mode":"hard"}',
          [MARK]: expect.stringContaining(`{"generation":${generation + 1},`),
        },
      },
      spec: { online: false },
    });
    expect(cloud.host(HOST).power).toBe('off');
    expect(await device.readPower()).toMatchObject({ power: 'off', systemUuid: bmh.uid });
  });

  it('of a host that has changed since it was read does nothing', async () => {
    const { cloud, device, bmh } = await setup();
    const answer = await device.powerOff(null, async () => {
      bmh.resourceVersion += 1;
      return undefined;
    });
    expect(answer).toMatchObject({
      kind: 'unknown',
      detail: expect.stringContaining('answered 409: the object has been modified'),
    });
    expect(cloud.host(HOST).power).toBe('on');
  });

  it('that Metal3 does not come to is left to the readings', async () => {
    const { cloud, device, bmh } = await setup();
    bmh.unattended = true;
    const answer = await device.powerOff(null);
    expect(answer).toMatchObject({ kind: 'accepted', detail: 'the patch answered 200, and Metal3 is still at it' });
    expect(answer.durationMs).toBeLessThanOrEqual(500);
    expect((await device.readPower()).power).toBe('on');
    expect(cloud.host(HOST).power).toBe('on');
  });

  it.each<[string, object, string]>([
    ['is paused', { annotations: { 'baremetalhost.metal3.io/paused': '' } }, 'it is paused'],
    ['is detached', { annotations: { 'baremetalhost.metal3.io/detached': '' } }, 'it is detached'],
    ['would be rebooted instead', { disablePowerOff: true }, 'the host has disablePowerOff'],
  ])('of a host that %s is not sent, and its record counts for nothing', async (_name, state, why) => {
    const { cloud, device, bmh } = await setup();
    Object.assign(bmh, state, { poweredOn: false, online: false });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(`^nothing was sent: .*${why}`),
    });
    expect(await device.readPower()).toMatchObject({ power: 'unknown', detail: expect.stringContaining(why) });
    expect(cloud.requestLog.count({ api: 'metal3', method: 'PATCH' })).toBe(0);
  });
});

describe('a record of "off"', () => {
  it('is believed only once it answers a request of ours', async () => {
    const { device } = await foundOff();
    expect(await device.readPower()).toMatchObject({
      power: 'on',
      detail: 'poweredOn false, not believed before salvor has asked for it',
    });
    await device.powerOff(null);
    expect(await device.readPower()).toMatchObject({
      power: 'off',
      detail: 'poweredOn false, seen by Metal3 since it was asked',
    });
  });

  it('that is older than the request counts for nothing while Metal3 does not look', async () => {
    const { cloud, clock, device, bmh } = await foundOff();
    // Switched on past Metal3, whose operator has stopped.
    cloud.powerOn(HOST);
    bmh.unattended = true;
    await device.powerOff(null);
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      detail: expect.stringContaining('has not looked since'),
    });
    bmh.unattended = false;
    clock.advance(60_000);
    expect((await device.readPower()).power).toBe('off');
    expect(cloud.host(HOST).power).toBe('off');
  });

  it('counts no longer once anybody has changed the spec', async () => {
    const { device, bmh } = await setup();
    await device.powerOff(null);
    expect((await device.readPower()).power).toBe('off');
    // Switched on and off again by somebody else: the mark is of another time.
    bmh.generation += 2;
    expect((await device.readPower()).power).toBe('on');
  });

  it('counts no longer when the host is to be on', async () => {
    const { device, bmh } = await setup();
    await device.powerOff(null);
    Object.assign(bmh, { online: true });
    expect((await device.readPower()).power).toBe('on');
  });

  it('is not one when Metal3 says that it cannot tell', async () => {
    const { device, bmh } = await setup();
    await device.powerOff(null);
    bmh.manageable = false;
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      detail: 'poweredOn false, but Metal3 cannot tell: PowerFailure',
    });
  });

  it('is not made by a mark that is none', async () => {
    const { device, bmh } = await foundOff();
    for (const mark of ['', 'null', '{', '{"generation":"1"}']) {
      bmh.annotations[MARK] = mark;
      expect((await device.readPower()).power).toBe('on');
    }
  });
});

it('speaks of what is missing as Kubernetes does', async () => {
  const { cloud } = await setup();
  const { url, token, namespace } = cloud.power.metal3;
  const device = metal3Device({
    url: new URL(`${url}/`),
    token,
    namespace,
    name: 'b/c',
    version: '0',
    timeoutSeconds: 1,
  });
  expect(await device.powerOff(null)).toMatchObject({
    kind: 'refused',
    detail: 'nothing was sent: the Kubernetes API answered 404: baremetalhosts.metal3.io "b/c" not found',
  });
});

describe('a power-on', () => {
  it('is one merge patch, which takes back what was asked for the power-off', async () => {
    const { cloud, device, bmh } = await setup();
    await device.powerOff(bmh.uid);
    const { resourceVersion } = bmh;
    expect(await device.powerOn(bmh.uid)).toMatchObject({
      kind: 'accepted',
      detail: 'the patch answered 200, and it is on',
    });
    const [, patch, ...others] = cloud.requestLog.find({ api: 'metal3', method: 'PATCH' });
    expect(others).toEqual([]);
    expect(patch?.body).toEqual({
      metadata: { resourceVersion: String(resourceVersion), annotations: { [REBOOT]: null, [MARK]: null } },
      spec: { online: true },
    });
    expect(bmh.annotations).toEqual({});
    expect(cloud.host(HOST).power).toBe('on');
  });

  it('is not taken for done before Metal3 has seen it', async () => {
    const { cloud, device, bmh } = await setup();
    await device.powerOff(null);
    bmh.unattended = true;
    expect(await device.powerOn(null)).toMatchObject({
      kind: 'accepted',
      detail: 'the patch answered 200, and Metal3 is still at it',
    });
    expect(cloud.host(HOST).power).toBe('off');
  });
});
