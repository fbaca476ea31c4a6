/** `salvor schema` prints what agents and editors can check against. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url);
const MAIN = fileURLToPath(new URL('cli/main.ts', ROOT));

async function schemaOf(what: string): Promise<z.ZodType> {
  const { stdout } = await run(process.execPath, [MAIN, 'schema', what]);
  return z.fromJSONSchema(JSON.parse(stdout));
}

it('prints the schema of the events', async () => {
  const schema = await schemaOf('events');
  const event: unknown = JSON.parse(readFileSync(new URL('events/samples/host-down.json', ROOT), 'utf8'));
  expect(schema.safeParse(event).error).toBeUndefined();
  expect(schema.safeParse({ type: 'host.down' }).success).toBe(false);
});

it('prints the schema of the commands', async () => {
  const schema = await schemaOf('commands');
  const hostKey = 'default/RegionOne/4b1f7a0c-2c60-4f57-8d0f-3b9a6c1d2e5f';
  const incidentId = '01920000-0000-7000-8000-000000000001';
  expect(schema.safeParse({ type: 'fence-host', version: 1, hostKey, incidentId, tick: 0 }).error).toBeUndefined();
  expect(schema.safeParse({ type: 'fence-host', version: 1, hostKey, incidentId }).success).toBe(false);
});

it('prints the schema of the policy, which asks for no key that has a default', async () => {
  const schema = await schemaOf('policy');
  const policy: unknown = parse(readFileSync(new URL('infra/policy.example.yaml', ROOT), 'utf8'));
  expect(schema.safeParse(policy).error).toBeUndefined();
  expect(schema.safeParse({ ...(policy as object), gracePeriod: 20 }).success).toBe(false);
});

it('names what there is when asked for something else', async () => {
  await expect(run(process.execPath, [MAIN, 'schema', 'incidents'])).rejects.toMatchObject({
    stderr: expect.stringContaining('Allowed choices are events, commands, operator, policy'),
  });
});
