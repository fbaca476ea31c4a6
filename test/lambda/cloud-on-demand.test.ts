import { describe, expect, it } from 'vitest';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { cloudOnDemand } from '#shared/lambda/cloud-on-demand.ts';
import type { OpenedCloud } from '#shared/lambda/open-cloud.ts';
import type { Answer, Compute } from '#shared/ports.ts';

/** Only what a test gives it; anything else that is asked of it throws. */
const cloudWith = (compute: Partial<Compute>, fencing: Partial<OpenedCloud['fencing']> = {}): OpenedCloud =>
  ({ compute, fencing }) as OpenedCloud;

/** Opens the clouds of a list, one after the other. An error in it is what opening fails with. */
function opener(...clouds: readonly (OpenedCloud | Error)[]) {
  const opener = {
    times: 0,
    open: async (): Promise<OpenedCloud> => {
      const next = clouds[opener.times];
      opener.times += 1;
      if (next === undefined) throw new Error('opened more often than expected');
      if (next instanceof Error) throw next;
      return next;
    },
  };
  return opener;
}

const WELL = cloudWith({ services: async () => [], server: async () => undefined });
const failing = (error: Error): OpenedCloud =>
  cloudWith({
    services: async () => {
      throw error;
    },
  });
const answering = (answer: Answer): OpenedCloud => cloudWith({ evacuate: async () => answer });
const evacuate = ({ compute }: OpenedCloud) => compute.evacuate('id', { host: null, end: 'as-it-was' });

const REFUSED = { kind: 'refused', message: '', requestId: null, durationMs: 1 } as const;
const ACCEPTED = { kind: 'accepted', requestId: 'req-1', durationMs: 1 } as const;

describe('a cloud that is opened on demand', () => {
  it('is not opened before it is used', () => {
    const source = opener();
    cloudOnDemand(source.open);
    expect(source.times).toBe(0);
  });

  it('is opened once for all who use it at the same time, and for those who come later', async () => {
    const source = opener(WELL);
    const { compute } = cloudOnDemand(source.open);
    await Promise.all([compute.services(), compute.services(), compute.server('id')]);
    await compute.services();
    expect(source.times).toBe(1);
  });

  it('hands over what it is asked and what it answers', async () => {
    const asked: unknown[] = [];
    const device = { readPower: async () => never(), powerOff: async () => never(), powerOn: async () => never() };
    const cloud = cloudWith(
      {
        evacuate: async (...given) => {
          asked.push(given);
          return ACCEPTED;
        },
      },
      {
        device: async (config) => {
          asked.push(config);
          return device;
        },
      },
    );
    const { compute, fencing } = cloudOnDemand(opener(cloud).open);
    const config = { driver: 'redfish', url: 'https://bmc', credentials: 'bmc', timeoutSeconds: 1 } as const;
    expect(await compute.evacuate('id', { host: 'compute-2', end: 'stopped' })).toBe(ACCEPTED);
    expect(await fencing.device(config)).toBe(device);
    expect(asked).toEqual([['id', { host: 'compute-2', end: 'stopped' }], config]);
  });

  it('hands over tokens to be checked', async () => {
    const checked: string[] = [];
    const tokens = {
      uri: async () => 'https://keystone/v3',
      signIn: async () => 'theirs',
      check: async (token: string) => {
        checked.push(token);
        return undefined;
      },
    };
    const cloud = cloudOnDemand(opener({ ...WELL, tokens }).open);
    expect(await cloud.tokens.uri()).toBe('https://keystone/v3');
    expect(await cloud.tokens.check('theirs')).toBeUndefined();
    expect(checked).toEqual(['theirs']);
  });

  it('is opened anew after opening failed, for each of those who waited and for the next', async () => {
    const source = opener(new RetryableError('no Secrets Manager'), WELL);
    const { compute } = cloudOnDemand(source.open);
    const both = await Promise.allSettled([compute.services(), compute.services()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(compute.services()).resolves.toEqual([]);
    expect(source.times).toBe(2);
  });

  it('is opened anew after a read was refused', async () => {
    const source = opener(failing(new PermanentError('401')), WELL);
    const { compute } = cloudOnDemand(source.open);
    await expect(compute.services()).rejects.toThrow('401');
    await expect(compute.services()).resolves.toEqual([]);
  });

  it('is kept through an outage', async () => {
    const source = opener(failing(new RetryableError('503')));
    const { compute } = cloudOnDemand(source.open);
    await expect(compute.services()).rejects.toThrow('503');
    await expect(compute.services()).rejects.toThrow('503');
    expect(source.times).toBe(1);
  });

  it.each([0, 401, 403])('is opened anew after a change came to a refusal with status %d', async (httpStatus) => {
    const source = opener(answering({ ...REFUSED, httpStatus }), answering(ACCEPTED));
    const cloud = cloudOnDemand(source.open);
    expect(await evacuate(cloud)).toMatchObject({ kind: 'refused' });
    expect(await evacuate(cloud)).toBe(ACCEPTED);
  });

  it.each<Answer>([{ ...REFUSED, httpStatus: 409 }, { kind: 'unknown', error: '502', durationMs: 1 }, ACCEPTED])(
    'is kept after a change that was $kind, with status $httpStatus',
    async (answer) => {
      const source = opener(answering(answer));
      const cloud = cloudOnDemand(source.open);
      await evacuate(cloud);
      expect(await evacuate(cloud)).toBe(answer);
    },
  );

  it('is opened once more, not twice, when two who used the old one are refused one after the other', async () => {
    const late = Promise.withResolvers<never>();
    const old = cloudWith({
      services: () => Promise.reject(new PermanentError('401')),
      server: () => late.promise,
    });
    const source = opener(old, WELL);
    const { compute } = cloudOnDemand(source.open);
    const second = compute.server('id');
    await expect(compute.services()).rejects.toThrow('401');
    await compute.services();
    late.reject(new PermanentError('401'));
    await expect(second).rejects.toThrow('401');
    await compute.services();
    expect(source.times).toBe(2);
  });
});

function never(): never {
  throw new Error('nobody asks the device here');
}
