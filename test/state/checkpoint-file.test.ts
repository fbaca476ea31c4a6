import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoints, readSigningKey, readVerifyingKey } from '#cli/checkpoint-file.ts';
import { takeCheckpoint } from '#cli/checkpoints.ts';
import { checkCheckpoints } from '#shared/domain/checkpoint.ts';
import { FakeStore } from '#test/support/fakes.ts';
import { newKeys } from '#test/support/keys.ts';

const keys = newKeys();

describe('the file of checkpoints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-checkpoints-'));
  const store = new FakeStore();
  afterAll(() => {
    rmSync(folder, { recursive: true });
    store.close();
  });
  const file = (name: string, text: string, mode = 0o600): string => {
    writeFileSync(join(folder, name), text, { mode });
    return join(folder, name);
  };

  it('grows by a line for each, and is read back', async () => {
    const path = join(folder, 'checkpoints');
    for (const number of [1, 2])
      expect(await takeCheckpoint(store, { path, privateKey: keys.privateKey })).toMatchObject({ number });
    expect(checkCheckpoints(readCheckpoints(path), keys.publicKey)).toEqual([]);
    expect(readCheckpoints(path)).toHaveLength(2);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a line that is none', () => readCheckpoints(file('bad', '{"version":1}\n')), /line 1 of .* is no checkpoint/],
    ['a file that is not there', () => readCheckpoints(join(folder, 'none')), /can't be read \(ENOENT\)/],
    [
      'a key that others may read',
      () => readSigningKey(file('open', keys.privateKey, 0o644)),
      /open to others \(mode 644\)/,
    ],
    ['a key of another kind', () => readSigningKey(file('rsa', newKeys('rsa').privateKey)), /no Ed25519 private key/],
    ['a key that is none', () => readVerifyingKey(file('none', 'secret text')), /no Ed25519 public key in PEM$/],
  ])('refuses %s, and quotes no key', (_, read, message) => {
    expect(read).toThrow(message);
  });
});
