import { afterEach, describe, expect, it } from 'vitest';
import { glanceImages } from '#shared/adapters/openstack/glance.ts';
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
  return { fake, ...glanceImages(session) };
}

const IMAGE = {
  id: 'i1',
  name: 'mini',
  status: 'active',
  tags: ['evacuable'],
  min_ram: 0,
  os_hidden: false,
  ha: 'yes',
};

describe('an image', () => {
  it('is told by its tags and its texts, whatever version stands in the catalogue', async () => {
    const { fake, image } = await setup({ image: () => ({ body: IMAGE }) });
    expect(await image('i1')).toEqual({
      id: 'i1',
      tags: ['evacuable'],
      properties: { name: 'mini', status: 'active', ha: 'yes' },
    });
    expect(fake.requests.at(-1)?.path).toBe('/image/v2/images/i1');
  });

  it('may have no tags', async () => {
    const { image } = await setup({ image: () => ({ body: { id: 'i1' } }) });
    expect(await image('i1')).toEqual({ id: 'i1', tags: [], properties: {} });
  });

  it('that is not there is none', async () => {
    const { image } = await setup({ image: () => ({ status: 404 }) });
    expect(await image('a/b')).toBeUndefined();
  });

  it('is read again with a new token when the old one is refused', async () => {
    const { fake, image } = await setup({ image: () => ({ body: IMAGE }) });
    await image('i1');
    fake.revoke();
    expect((await image('i1'))?.id).toBe('i1');
    expect(fake.logins()).toHaveLength(2);
  });

  it.each([
    [403, PermanentError, 'Glance: GET /v2/images/i1 answered 403'],
    [408, RetryableError, 'Glance: GET /v2/images/i1 answered 408'],
    [503, RetryableError, '503'],
  ])('that can not be read is not taken for none: %i', async (status, kind, text) => {
    const { image } = await setup({ image: () => ({ status }) });
    const failed = image('i1');
    await expect(failed).rejects.toBeInstanceOf(kind);
    await expect(failed).rejects.toThrow(text);
  });

  it('needs a Glance in the catalogue', async () => {
    const { image } = await setup({});
    await expect(image('i1')).rejects.toThrow('lab: its catalogue has no service of type image');
  });
});

describe('the snapshots of an instance', () => {
  const of = { id: 'vm-1', projectId: 'p1' };
  const made = (over: object) => ({
    id: 's1',
    status: 'active',
    owner: 'p1',
    created_at: '2026-11-21T10:00:00Z',
    instance_uuid: 'vm-1',
    image_type: 'snapshot',
    ...over,
  });

  it('are asked for by what Nova writes on them, the newest first', async () => {
    const images = [made({}), made({ id: 's2', image_type: 'backup', created_at: '2026-11-20T10:00:00Z' })];
    const { fake, snapshotsOf } = await setup({ image: () => ({ body: { images } }) });
    expect(await snapshotsOf(of)).toEqual([
      { id: 's1', kind: 'snapshot', createdAtMs: Date.parse('2026-11-21T10:00:00Z') },
      { id: 's2', kind: 'backup', createdAtMs: Date.parse('2026-11-20T10:00:00Z') },
    ]);
    const { pathname, searchParams } = new URL(fake.requests.at(-1)?.path ?? '', 'http://glance');
    expect(pathname).toBe('/image/v2/images');
    expect(Object.fromEntries(searchParams)).toEqual({
      ...{ instance_uuid: 'vm-1', owner: 'p1', status: 'active' },
      ...{ sort: 'created_at:desc', limit: '25' },
    });
  });

  it.each([
    ['of another project', { owner: 'p2' }],
    ['of nobody', { owner: null }],
    ['of another instance', { instance_uuid: 'vm-2' }],
    ['not uploaded', { status: 'saving' }],
    ['no snapshot', { image_type: undefined }],
    ['of no time', { created_at: 'yesterday' }],
  ])('are none that are %s, whatever Glance answers', async (_name, over) => {
    const { snapshotsOf } = await setup({ image: () => ({ body: { images: [made(over)] } }) });
    expect(await snapshotsOf(of)).toEqual([]);
  });

  it('that can not be read are not taken for none', async () => {
    const { snapshotsOf } = await setup({ image: () => ({ status: 503 }) });
    await expect(snapshotsOf(of)).rejects.toBeInstanceOf(RetryableError);
  });
});
