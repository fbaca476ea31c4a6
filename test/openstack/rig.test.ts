import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { request } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { evacuationEnd, requestEvacuation } from './evacuation.ts';
import { boot, readServer, waitForServer } from './servers.ts';
import { forceDown, serviceOf } from './services.ts';
import { bootInto, bootLockedByOwner, pretendBootedFromVolume, type ReachableStatus, writeState } from './states.ts';
import { describeOnRig, fence, type RigBench, tidy } from './suite.ts';

const host = 'compute-1';
const otherHost = 'compute-2';
const microversion = '2.94';

describeOnRig('the rig', (bench) => {
  afterEach(() => tidy(bench().rig, bench().admin));

  it('runs an instance of a fenced host on another host, once', async () => {
    const { rig, admin, base } = bench();
    const [id = '', ...others] = await boot(admin, base, { count: 3, host });

    await fence(rig, admin, host);
    const answer = await requestEvacuation(admin, id, { microversion });

    expect(answer.status).toBe(200);
    const { dest_compute: destination } = await evacuationEnd(admin, id);
    expect(await readServer(admin, id)).toMatchObject({ status: 'ACTIVE', host: destination });
    expect(await happenings(bench(), id)).toEqual([`${host} on`, `${host} off`, `${destination} on`]);
    for (const other of others) expect(await happenings(bench(), other)).toEqual([`${host} on`, `${host} off`]);
    expect(await happenings(bench(), '-')).toContain(`${host} POWER-OFF`);
  });

  it('lets guests outlive their nova-compute, and tells when one runs twice', async () => {
    const { rig, admin, base } = bench();
    const [id = ''] = await boot(admin, base, { count: 1, host });

    await rig.killCompute(host);
    await forceDown(admin, host);
    await requestEvacuation(admin, id, { microversion, host: otherHost });
    await evacuationEnd(admin, id);

    expect(await happenings(bench(), id)).toEqual([`${host} on`, `${otherHost} DOUBLE`, `${otherHost} on`]);
  });

  it('fails a spawn that was made to fail, and the next one works', async () => {
    const { rig, admin, base } = bench();
    const [id = ''] = await boot(admin, base, { count: 1, host });
    await rig.spawnFault(otherHost, 'once');
    await fence(rig, admin, host);

    await requestEvacuation(admin, id, { microversion, host: otherHost });
    expect(await evacuationEnd(admin, id)).toMatchObject({ status: 'failed' });
    // The migration has failed a moment before the server has.
    const { host: where } = await waitForServer(admin, id, ({ status }) => status === 'ERROR');
    expect(where).toBe(host);

    await requestEvacuation(admin, id, { microversion, host: otherHost });
    expect(await evacuationEnd(admin, id)).toMatchObject({ status: 'done' });
  });

  it('cuts the power by Redfish', async () => {
    const { rig } = bench();
    await rig.bmcFault(host, 'error');
    expect(await redfishReset(bench(), 'ForceOff')).toBe(500);
    await rig.bmcFault(host, 'stuck');
    expect(await redfishReset(bench(), 'ForceOff')).toBe(204);
    expect(await rig.power(host, 'status')).toBe('on');

    await rig.bmcFault(host, undefined);
    expect(await redfishReset(bench(), 'ForceOff')).toBe(204);

    expect(await redfishPower(bench())).toMatchObject({ PowerState: 'Off', UUID: rig.bmc(host).systemUuid });
  });

  it('cuts the power by IPMI', async () => {
    const { rig } = bench();
    expect(await ipmi(bench(), 'chassis', 'power', 'off')).toContain('Down/Off');
    expect(await rig.power(host, 'status')).toBe('off');
    await ipmi(bench(), 'chassis', 'power', 'on');
    expect(await ipmi(bench(), 'chassis', 'power', 'status')).toContain('is on');
  });

  it.each<[ReachableStatus, string, string | undefined]>([
    ['ACTIVE', 'ACTIVE', host],
    ['SHUTOFF', 'SHUTOFF', host],
    ['PAUSED', 'PAUSED', host],
    ['SUSPENDED', 'SUSPENDED', host],
    ['RESCUED', 'RESCUE', host],
    ['SHELVED', 'SHELVED', host],
    ['SHELVED_OFFLOADED', 'SHELVED_OFFLOADED', undefined],
    ['VERIFY_RESIZE', 'VERIFY_RESIZE', host],
    ['ERROR', 'ERROR', host],
  ])('brings an instance into %s', async (wanted, status, where) => {
    const { admin, base } = bench();
    const id = await bootInto(admin, base, { status: wanted, host, otherHost, flavor: 'local-disks' });
    expect(await readServer(admin, id)).toMatchObject({ status, host: where });
  });

  it('has an instance locked by its owner, on a given host', async () => {
    const { rig, admin, base } = bench();
    const id = await bootLockedByOwner(rig, admin, base, host);
    expect(await readServer(admin, id)).toMatchObject({ host, locked: true });
    expect(await serviceOf(admin, otherHost)).toMatchObject({ status: 'enabled' });
  });

  it('writes states that no API call reaches', async () => {
    const { rig, admin, base } = bench();
    const [id = ''] = await boot(admin, base, { count: 1, host });
    await writeState(rig, id, { vmState: 'building', taskState: 'spawning' });
    await pretendBootedFromVolume(rig, id);
    expect(await readServer(admin, id)).toMatchObject({ status: 'BUILD', taskState: 'spawning' });
    const { body } = await admin.send('compute', 'GET', `/servers/${id}`);
    expect(body).toMatchObject({ server: { image: '' } });
    await writeState(rig, id, { vmState: 'active', taskState: 'powering-off' });
    expect(await readServer(admin, id)).toMatchObject({ status: 'ACTIVE', taskState: 'powering-off' });
  });
});

async function happenings({ rig }: RigBench, serverId: string): Promise<string[]> {
  const entries = await rig.ledger();
  return entries.filter((entry) => entry.serverId === serverId).map((entry) => `${entry.host} ${entry.what}`);
}

function redfishHeaders({ rig }: RigBench): Record<string, string> {
  const { username, password } = rig.bmc(host);
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

async function redfishReset(bench: RigBench, resetType: string): Promise<number> {
  const url = `${bench.rig.redfishUrl}${bench.rig.bmc(host).redfishSystemPath}/Actions/ComputerSystem.Reset`;
  const headers = { ...redfishHeaders(bench), 'content-type': 'application/json' };
  const answer = await request(url, { method: 'POST', headers, body: JSON.stringify({ ResetType: resetType }) });
  await answer.body.dump();
  return answer.statusCode;
}

async function redfishPower(bench: RigBench): Promise<unknown> {
  const url = `${bench.rig.redfishUrl}${bench.rig.bmc(host).redfishSystemPath}`;
  return (await request(url, { headers: redfishHeaders(bench) })).body.json();
}

async function ipmi({ rig }: RigBench, ...command: string[]): Promise<string> {
  const { ipmiPort, username, password } = rig.bmc(host);
  const where = ['-I', 'lanplus', '-C', '3', '-H', '127.0.0.1', '-p', String(ipmiPort), '-U', username, '-E'];
  const env = { ...process.env, IPMI_PASSWORD: password };
  return (await promisify(execFile)('ipmitool', [...where, ...command], { env })).stdout;
}
