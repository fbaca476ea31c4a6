import { afterEach, describe, expect, it } from 'vitest';
import { neutronPorts } from '#shared/adapters/openstack/neutron.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { type FakeOptions, fakeOpenStack, sessionAt } from './fake-openstack.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setup(options: FakeOptions) {
  const fake = await fakeOpenStack(options);
  const session = sessionAt(fake);
  closers.push(session.http.close, fake.close);
  return { fake, ...neutronPorts(session) };
}

const port = (over: Readonly<Record<string, unknown>> = {}) => ({
  ...{ id: 'p1', device_id: 's1', device_owner: 'compute:nova', resource_request: null },
  ...{ 'binding:host_id': 'compute-1', 'binding:vnic_type': 'direct' },
  ...over,
});

describe('the ports of a host', () => {
  it('are those of instances, with what they are and whether bandwidth is guaranteed', async () => {
    const ports = [
      port(),
      port({ id: 'p2', 'binding:vnic_type': 'normal', resource_request: { required: ['CUSTOM_PHYSNET_A'] } }),
      port({ id: 'p5', resource_request: undefined }),
      port({ id: 'p3', device_owner: 'network:dhcp' }),
      port({ id: 'p4', 'binding:host_id': 'compute-2' }),
    ];
    const { fake, portsOn } = await setup({ network: () => ({ body: { ports } }) });
    expect(await portsOn('compute-1')).toEqual([
      { serverId: 's1', vnicType: 'direct', isGuaranteed: false },
      { serverId: 's1', vnicType: 'normal', isGuaranteed: true },
      { serverId: 's1', vnicType: 'direct', isGuaranteed: false },
    ]);
    const asked = new URL(`http://any${fake.requests.at(-1)?.path}`);
    expect(asked.pathname).toBe('/network/v2.0/ports');
    expect(asked.searchParams.get('binding:host_id')).toBe('compute-1');
    expect(asked.searchParams.getAll('fields')).toContain('binding:vnic_type');
  });

  it('come in pages where Neutron makes pages', async () => {
    const { portsOn } = await setup({
      network: ({ path }) =>
        path.includes('marker=p1')
          ? { body: { ports: [port({ id: 'p2', device_id: 's2' })], ports_links: [{ rel: 'previous', href: 'x' }] } }
          : { body: { ports: [port()], ports_links: [{ rel: 'next', href: 'x' }] } },
    });
    expect((await portsOn('compute-1'))?.map(({ serverId }) => serverId)).toEqual(['s1', 's2']);
  });

  it('are not known where the catalogue has no Neutron', async () => {
    const { portsOn } = await setup({});
    expect(await portsOn('compute-1')).toBeUndefined();
  });

  it('are read again with a new token when the old one is refused', async () => {
    const { fake, portsOn } = await setup({ network: () => ({ body: { ports: [] } }) });
    await portsOn('compute-1');
    fake.revoke();
    expect(await portsOn('compute-1')).toEqual([]);
    expect(fake.logins()).toHaveLength(2);
  });

  it('without bindings are not taken for ordinary ones', async () => {
    const { 'binding:host_id': _, ...bare } = port();
    const { portsOn } = await setup({ network: () => ({ body: { ports: [bare] } }) });
    await expect(portsOn('compute-1')).rejects.toThrow(/no bindings, as for credentials that are no administrator's/);
  });

  it.each([
    [403, PermanentError],
    [408, RetryableError],
    [503, RetryableError],
  ])('that can not be read are not taken for none: %i', async (status, kind) => {
    const { portsOn } = await setup({ network: () => ({ status }) });
    await expect(portsOn('compute-1')).rejects.toBeInstanceOf(kind);
  });
});
