import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import type { SimulatedCloud } from '#sim/controls.ts';
import { openBench } from './bench.ts';

type Reply = { readonly status: number; readonly headers: Record<string, unknown>; readonly body: unknown };

async function ask(
  url: string,
  options: { method?: 'GET' | 'POST' | 'DELETE'; headers?: Record<string, string>; json?: unknown } = {},
): Promise<Reply> {
  const { method = 'GET', headers = {}, json } = options;
  const answer = await request(url, {
    method,
    headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
}

function bmc(cloud: SimulatedCloud, host = 'compute-1') {
  const { username, password } = cloud.bmcCredentials;
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  const system = `${cloud.bmcUrl(host)}${cloud.bmcSystemPath(host)}`;
  return {
    system: () => ask(system, { headers }),
    reset: (ResetType: string) =>
      ask(`${system}/Actions/ComputerSystem.Reset`, { method: 'POST', headers, json: { ResetType } }),
  };
}

describe('a host’s Redfish service', () => {
  test('tells the system’s UUID, power and how to reset it', async () => {
    const { cloud } = await openBench();
    const { body } = await bmc(cloud).system();
    const path = cloud.bmcSystemPath('compute-1');
    expect(body).toMatchObject({
      '@odata.id': path,
      UUID: cloud.host('compute-1').systemUuid,
      PowerState: 'On',
      Actions: {
        '#ComputerSystem.Reset': {
          target: `${path}/Actions/ComputerSystem.Reset`,
          'ResetType@Redfish.AllowableValues': expect.arrayContaining(['On', 'ForceOff']),
        },
      },
    });
  });

  test('has just its own system', async () => {
    const { cloud } = await openBench();
    const { username, password } = cloud.bmcCredentials;
    const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    const { body } = await ask(`${cloud.bmcUrl('compute-1')}/redfish/v1/Systems`, { headers });
    expect(body).toMatchObject({ Members: [{ '@odata.id': cloud.bmcSystemPath('compute-1') }] });
    const foreign = await ask(`${cloud.bmcUrl('compute-1')}${cloud.bmcSystemPath('compute-2')}`, { headers });
    expect(foreign.status).toBe(404);
  });

  test('cuts the power: nova-compute and the guests end', async () => {
    const { cloud } = await openBench();
    const [server] = cloud.boot(1, { host: 'compute-1' });
    expect((await bmc(cloud).reset('ForceOff')).status).toBe(204);
    expect((await bmc(cloud).system()).body).toMatchObject({ PowerState: 'Off' });
    expect(cloud.host('compute-1')).toMatchObject({ power: 'off', computeRunning: false });
    expect(cloud.ledger.at(-1)).toMatchObject({ what: 'off', serverId: server?.id });
    expect((await bmc(cloud).reset('ForceOff')).status).toBe(204);
    expect((await bmc(cloud).reset('On')).status).toBe(204);
    expect(cloud.host('compute-1')).toMatchObject({ power: 'on', computeRunning: true });
  });

  test('takes its time to change the power, and a host to boot', async () => {
    const { cloud, clock } = await openBench({ powerChangeMs: 3000, hostBootMs: 60_000 });
    await bmc(cloud).reset('ForceRestart');
    expect((await bmc(cloud).system()).body).toMatchObject({ PowerState: 'On' });
    const before = cloud.host('compute-1').generation;
    clock.advance(3000);
    expect(cloud.host('compute-1').generation).toBeGreaterThan(before);
    expect(cloud.host('compute-1')).toMatchObject({ power: 'on', computeRunning: false });
    clock.advance(60_000);
    expect(cloud.host('compute-1').computeRunning).toBe(true);
  });

  test('refuses without credentials, with a Redfish error; the root needs none', async () => {
    const { cloud } = await openBench();
    expect((await ask(`${cloud.bmcUrl('compute-1')}/redfish/v1/`)).status).toBe(200);
    const refused = await ask(`${cloud.bmcUrl('compute-1')}${cloud.bmcSystemPath('compute-1')}`);
    expect(refused.status).toBe(401);
    expect(refused.body).toMatchObject({
      error: { '@Message.ExtendedInfo': [{ MessageId: 'Base.1.5.NoValidSession' }] },
    });
  });

  test('lets a session in until it is deleted', async () => {
    const { cloud } = await openBench();
    const base = cloud.bmcUrl('compute-1');
    const { username, password } = cloud.bmcCredentials;
    const sessions = `${base}/redfish/v1/SessionService/Sessions`;
    const wrong = await ask(sessions, { method: 'POST', json: { UserName: username, Password: 'no' } });
    expect(wrong.status).toBe(401);
    const opened = await ask(sessions, { method: 'POST', json: { UserName: username, Password: password } });
    expect(opened.status).toBe(201);
    const headers = { 'x-auth-token': String(opened.headers['x-auth-token']) };
    const system = `${base}${cloud.bmcSystemPath('compute-1')}`;
    expect((await ask(system, { headers })).status).toBe(200);
    expect((await ask(`${base}${String(opened.headers.location)}`, { method: 'DELETE', headers })).status).toBe(204);
    expect((await ask(system, { headers })).status).toBe(401);
  });

  test('refuses a reset type that it does not know', async () => {
    const { cloud } = await openBench();
    expect((await bmc(cloud).reset('Explode')).status).toBe(400);
    expect(cloud.host('compute-1').power).toBe('on');
  });
});

describe('a broken BMC', () => {
  test('error, unauthorized, dead', async () => {
    const { cloud } = await openBench();
    cloud.faults.set({ kind: 'bmc-error', host: 'compute-1', count: 1 });
    expect((await bmc(cloud).system()).status).toBe(500);
    cloud.faults.set({ kind: 'bmc-unauthorized', host: 'compute-1', count: 1 });
    expect((await bmc(cloud).system()).status).toBe(401);
    cloud.faults.set({ kind: 'bmc-dead', host: 'compute-1', how: 'close', count: 1 });
    await expect(bmc(cloud).system()).rejects.toThrow();
    expect((await bmc(cloud, 'compute-2').system()).status).toBe(200);
    expect((await bmc(cloud).system()).status).toBe(200);
  });

  test('stuck: says yes and leaves the power on', async () => {
    const { cloud } = await openBench();
    cloud.faults.set({ kind: 'bmc-stuck', host: 'compute-1' });
    expect((await bmc(cloud).reset('ForceOff')).status).toBe(204);
    expect((await bmc(cloud).system()).body).toMatchObject({ PowerState: 'On' });
  });

  test.each([400, 409] as const)('refuses to switch off what is off: %i', async (status) => {
    const { cloud } = await openBench();
    cloud.faults.set({ kind: 'bmc-conflict-when-off', host: 'compute-1', status });
    expect((await bmc(cloud).reset('ForceOff')).status).toBe(204);
    expect((await bmc(cloud).reset('ForceOff')).status).toBe(status);
  });

  test('says Off while the host runs on', async () => {
    const { cloud } = await openBench();
    cloud.faults.set({ kind: 'bmc-lies-off', host: 'compute-1' });
    expect((await bmc(cloud).system()).body).toMatchObject({ PowerState: 'Off' });
    expect(cloud.host('compute-1').power).toBe('on');
  });

  test('is wired to another host: its UUID tells', async () => {
    const { cloud } = await openBench();
    cloud.faults.set({ kind: 'bmc-swapped', host: 'compute-1', actual: 'compute-2' });
    expect((await bmc(cloud).system()).status).toBe(404);
    const { username, password } = cloud.bmcCredentials;
    const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    const { body } = await ask(`${cloud.bmcUrl('compute-1')}${cloud.bmcSystemPath('compute-2')}`, { headers });
    expect(body).toMatchObject({ UUID: cloud.host('compute-2').systemUuid });
  });
});
