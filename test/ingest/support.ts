import { PermanentError } from '#shared/errors.ts';
import type { IngestServices } from '#shared/ingest/app.ts';
import type { Secrets } from '#shared/ports.ts';
import { aPolicy, type PolicyInput } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

export type FakeIngest = FakeServices & IngestServices;

/** Secrets by name, as they are at the moment. */
export const fakeSecrets = (records: Readonly<Record<string, Readonly<Record<string, string>>>>): Secrets => ({
  get: async (name) => {
    const record = records[name];
    if (record === undefined) throw new PermanentError(`there is no secret ${name}`);
    return record;
  },
});

const noKeystone = (): Promise<never> => Promise.reject(new Error('this test has no Keystone'));

/** Services of the HTTP endpoint around a fake cloud of three hosts in the segment az1. */
export const fakeIngest = (policy: Partial<PolicyInput>, secrets: Secrets): FakeIngest => ({
  ...fakeServices(
    aPolicy({ segments: [{ name: 'az1', hosts: { names: ['compute-1', 'compute-2', 'compute-3'] } }], ...policy }),
  ),
  secrets,
  tokens: { uri: noKeystone, check: noKeystone, signIn: noKeystone },
});
