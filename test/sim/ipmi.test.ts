/** The IPMI BMC of a simulated host, beside its Redfish one; that it speaks the protocol, test/agents/ipmi.test.ts says. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type IpmiDeviceOptions, ipmiDevice } from '#shared/adapters/fencing/ipmi/device.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';

let cloud: SimulatedCloud;
beforeAll(async () => {
  cloud = await startSimulatedCloud({ hosts: 2 });
});
afterEach(() => {
  cloud.faults.clear();
  for (const { name } of cloud.hosts()) cloud.powerOn(name);
});
afterAll(() => cloud.stop());

async function device(name: string, changes: Partial<IpmiDeviceOptions> = {}) {
  const [host = '', port] = (await cloud.ipmiAddress(name)).split(':');
  return ipmiDevice({ host, port: Number(port), ...cloud.bmcCredentials, timeoutSeconds: 2, ...changes });
}

it('holds the power of its host, whose UUID it tells', async () => {
  const first = await device('compute-1');
  cloud.boot(2, { host: 'compute-1' });
  expect(await first.readPower()).toMatchObject({ power: 'on', systemUuid: cloud.host('compute-1').systemUuid });
  expect(await first.powerOff(null)).toMatchObject({ kind: 'accepted' });
  expect(cloud.host('compute-1')).toMatchObject({ power: 'off', computeRunning: false, guests: new Set() });
  expect(await first.readPower()).toMatchObject({ power: 'off' });
  expect(await (await device('compute-2')).readPower()).toMatchObject({ power: 'on' });
});

it('is one for each host, and writes its commands to the log', async () => {
  expect(await cloud.ipmiAddress('compute-1')).toBe(await cloud.ipmiAddress('compute-1'));
  expect(await cloud.ipmiAddress('compute-1')).not.toBe(await cloud.ipmiAddress('compute-2'));
  const before = cloud.requestLog.count({ api: 'ipmi' });
  await (await device('compute-2')).powerOff(null);
  const seen = cloud.requestLog.find({ api: 'ipmi' }).slice(before);
  expect(seen.map(({ host, path, status }) => [host, path, status])).toEqual([
    ['compute-2', 'Get System GUID', 0],
    ['compute-2', 'Set Session Privilege Level', 0],
    ['compute-2', 'Chassis Control', 0],
    ['compute-2', 'Close Session', 0],
  ]);
});

it('has the faults of the Redfish one', async () => {
  const host = 'compute-1';
  const first = await device(host);
  cloud.faults.set({ kind: 'bmc-swapped', host, actual: 'compute-2' });
  expect(await first.readPower()).toMatchObject({ systemUuid: cloud.host('compute-2').systemUuid });
  expect(await first.powerOff(cloud.host(host).systemUuid)).toMatchObject({ kind: 'refused' });
  cloud.faults.clear();
  cloud.faults.set({ kind: 'bmc-lies-off', host });
  expect(await first.readPower()).toMatchObject({ power: 'off' });
  cloud.faults.clear();
  cloud.faults.set({ kind: 'bmc-unauthorized', host });
  expect(await first.powerOff(null)).toMatchObject({ kind: 'refused' });
  cloud.faults.clear();
  cloud.faults.set({ kind: 'bmc-slow', host, delayMs: 50 });
  expect((await first.readPower()).durationMs).toBeGreaterThan(250);
  cloud.faults.clear();
  expect(await first.powerOff(null)).toMatchObject({ kind: 'accepted' });
  cloud.faults.set({ kind: 'bmc-conflict-when-off', host });
  expect(await first.powerOff(null)).toMatchObject({
    kind: 'accepted',
    detail: expect.stringContaining('it was off already'),
  });
});

it('takes as long for the power as the cloud is told', async () => {
  const slow = await startSimulatedCloud({ hosts: 1, powerChangeMs: 200 });
  try {
    const [host = '', port] = (await slow.ipmiAddress('compute-1')).split(':');
    const only = ipmiDevice({ host, port: Number(port), ...slow.bmcCredentials, timeoutSeconds: 2 });
    expect(await only.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(await only.readPower()).toMatchObject({ power: 'on' });
    await expect.poll(() => slow.host('compute-1').power).toBe('off');
  } finally {
    await slow.stop();
  }
});
