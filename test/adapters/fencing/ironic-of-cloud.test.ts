import { afterEach, describe, expect, it } from 'vitest';
import { ironicDevice } from '#shared/adapters/fencing/ironic/device.ts';
import { bareMetal } from '#shared/adapters/openstack/bare-metal.ts';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession } from '#shared/adapters/openstack/keystone.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { openBench } from '../../sim/bench.ts';
import { serve } from '../server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const HOST = 'compute-1';

describe('the Ironic of the cloud', () => {
  function ofCloud(cloud: SimulatedCloud, changes: object = {}, timeoutSeconds = 0.5) {
    const { username, password, projectName } = cloud.credentials.admin;
    const auth = { auth_url: cloud.authUrl, username, password, project_name: projectName, ...changes };
    const http = openStackHttp({ version: '0', random: () => 0, timeoutMs: 5000 });
    closers.push(http.close);
    const session = keystoneSession({ cloud: cloudFromSecret({ auth }, 'sim'), http, now: Date.now });
    return { session, device: ironicDevice({ bareMetal: bareMetal(session), node: HOST, timeoutSeconds }) };
  }

  it('is found in the catalogue, and asked with a token that is renewed once it is refused', async () => {
    const { cloud } = await openBench();
    const { device, session } = ofCloud(cloud);
    expect((await device.readPower()).power).toBe('on');
    const good = await session.token();
    // As Keystone would: the token is revoked, and middleware says so before Ironic sees the request.
    Object.assign(good, { value: 'revoked' });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(cloud.host(HOST).power).toBe('off');
    expect(cloud.requestLog.count({ api: 'ironic', method: 'PUT', status: 202 })).toBe(1);
  });

  it('refuses who may not sign in, and waits no longer than it may for a Keystone that is away', async () => {
    const { cloud } = await openBench();
    const wrong = ofCloud(cloud, { password: 'wrong' });
    expect(await wrong.device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('nothing was sent'),
    });
    const server = await serve(() => 'hang');
    closers.push(server.close);
    const away = await ofCloud(cloud, { auth_url: `${server.url}/v3` }).device.powerOff(null);
    expect(away).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('Keystone gave no token in time') });
    expect(away.durationMs).toBeLessThan(1000);
  });

  it('says so when there is none', async () => {
    const server = await serve(() => ({
      status: 201,
      headers: { 'x-subject-token': 'a-token' },
      body: { token: { issued_at: '2026-01-01T00:00:00Z', expires_at: '2026-01-01T01:00:00Z', catalog: [] } },
    }));
    closers.push(server.close);
    const { cloud } = await openBench();
    const { device } = ofCloud(cloud, { auth_url: `${server.url}/v3` });
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      detail: 'the catalogue of sim names no service of type baremetal: there is no Ironic',
    });
  });
});
