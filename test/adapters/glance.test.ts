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
  return { fake, image: glanceImages(session) };
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
