import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FUNCTION_NAMES } from '#infra/bundle.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
let output: string;

beforeAll(async () => {
  output = await mkdtemp(join(tmpdir(), 'salvor-app-'));
});
afterAll(() => rm(output, { recursive: true }));

interface Ran {
  readonly exitCode: number;
  readonly printed: string;
}

/** Runs the app as the CDK CLI does. */
const runApp = (context: Readonly<Record<string, string>>): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { ...process.env, CDK_OUTDIR: output, CDK_CONTEXT_JSON: JSON.stringify(context) };
    execFile(process.execPath, ['infra/app.ts'], { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), printed: stdout + stderr });
    });
  });

it('makes a stack with a bundle for each function, passes the checks, and prints nothing', async () => {
  expect(await runApp({ stage: 'lab' })).toEqual({ exitCode: 0, printed: '' });
  const manifest = JSON.parse(await readFile(join(output, 'salvor-lab.assets.json'), 'utf8'));
  const folders = Object.values<{ source: { path: string; packaging: string } }>(manifest.files)
    .filter(({ source }) => source.packaging === 'zip')
    .map(({ source }) => join(output, source.path));
  // The example lets nobody in by the API.
  expect(folders).toHaveLength(FUNCTION_NAMES.length - 1);
  for (const folder of folders)
    for (const file of ['index.mjs', 'policy.json']) expect(existsSync(join(folder, file)), file).toBe(true);
});

it('says in plain words what is wrong with the context', async () => {
  const { exitCode, printed } = await runApp({ stage: 'Lab' });
  expect(exitCode).toBe(1);
  expect(printed).toBe(
    'salvor: the CDK context is wrong:\n✖ small letters, digits and "-"; 20 at most\n  → at stage\n',
  );
});
