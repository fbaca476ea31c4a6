import { expect, it } from 'vitest';
import { policyNow } from '#shared/views/policy.ts';
import { aPolicy } from '#test/support/builders.ts';
import { FakeStore } from '#test/support/fakes.ts';
import { partsOf } from '../../web/src/outline.ts';

it('takes a policy apart at its keys and its segments, and loses no line', async () => {
  const store = new FakeStore();
  const device = { driver: 'redfish', url: 'https://bmc.test/1', credentials: 'bmc' } as const;
  const { yaml, short } = await policyNow(
    store,
    aPolicy({
      segments: [
        { name: 'az1', hosts: { availabilityZone: 'nova' } },
        { name: 'az2', hosts: { names: ['compute-7', 'compute-8'] }, except: ['compute-8'] },
      ],
      fenceDevices: { 'compute-7': device, '*': { ...device, url: 'https://bmc.test/{host}' } },
    }),
  );
  store.close();
  for (const text of [yaml, short]) {
    const parts = partsOf(text);
    const titles = parts.map(({ title }) => title);
    expect(titles).toEqual(expect.arrayContaining(['version', 'segment az1', 'segment az2', 'fenceDevices']));
    expect(new Set(parts.map(({ id }) => id)).size).toBe(parts.length);
    expect(parts.find(({ title }) => title === 'fenceDevices')?.names).toEqual(['compute-7', '*']);
    // But for the key of the segments, which has no part of its own.
    const lines = parts.flatMap((part) => part.text.split('\n'));
    expect(lines.toSorted()).toEqual(
      text
        .trimEnd()
        .split('\n')
        .filter((line) => line !== 'segments:')
        .toSorted(),
    );
  }
});
