/**
 * The examples of docs/events.md, as they stand there, against the embedded endpoint: each sends an event that is
 * folded into the host's state. One whose program is not on this machine is skipped.
 */
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Embedded, startEmbedded } from '#infra/embedded/runtime.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import { policySchema } from '#shared/domain/policy.ts';
import type { Compute, ComputeService } from '#shared/ports.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { type CodeBlock, codeBlocksOf, ROOT, readPage } from './markdown.ts';

const run = promisify(execFile);
const HOST = 'compute-7';
const SERVICE_ID = '4b1f7a0c-2c60-4f57-8d0f-3b9a6c1d2e5f';

const examples = codeBlocksOf(readPage('docs/events.md')).filter(({ marks }) => marks.includes('test'));

const service: ComputeService = {
  id: SERVICE_ID,
  host: HOST,
  zone: 'nova',
  status: 'enabled',
  disabledReason: null,
  state: 'down',
  forcedDown: false,
  lastReportAtMs: null,
};
const notAsked = async () => {
  throw new Error('nothing else is asked of Nova before the grace period is over');
};
const compute: Compute = {
  services: async () => [service],
  service: notAsked,
  hypervisors: notAsked,
  aggregates: notAsked,
  serverGroups: notAsked,
  image: notAsked,
  health: notAsked,
  serversOn: notAsked,
  server: notAsked,
  evacuationsFrom: notAsked,
  unfinishedMigrationsOf: notAsked,
  serverActions: notAsked,
  disableService: notAsked,
  enableService: notAsked,
  rebootHard: notAsked,
  snapshotsOf: notAsked,
  portsOn: notAsked,
  rebuild: notAsked,
  migrate: notAsked,
  confirmResize: notAsked,
  liveMigrate: notAsked,
  forceDown: notAsked,
  addToAggregate: notAsked,
  removeFromAggregate: notAsked,
  evacuate: notAsked,
  forceUp: notAsked,
  liveMigrationsOf: notAsked,
  resetStateToActive: notAsked,
};
const policy = policySchema.parse({
  version: 1,
  segments: [{ name: 'nova', hosts: { availabilityZone: 'nova' }, reporters: { required: 20 } }],
  fenceDevices: { '*': { driver: 'redfish', url: 'https://{host}.invalid', credentials: 'none' } },
});
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Which program runs a block, and how it is found out whether it is there. */
const RUNNERS: Readonly<Record<string, { readonly command: readonly string[]; readonly probe: readonly string[] }>> = {
  curl: { command: ['bash', '-euc'], probe: ['curl', '--version'] },
  aws: { command: ['bash', '-euc'], probe: ['aws', '--version'] },
  python: { command: ['python3', '-c'], probe: ['python3', '-c', 'import boto3'] },
  ts: {
    command: [process.execPath, '--input-type=module-typescript', '--eval'],
    probe: [process.execPath, '--version'],
  },
};

const runnerOf = ({ language, marks }: CodeBlock) => {
  const name = marks.find((mark) => mark in RUNNERS) ?? language;
  const runner = RUNNERS[name];
  if (runner === undefined) throw new Error(`no program is known for a block of ${name}`);
  return { name, ...runner };
};

function isThere([program = '', ...args]: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('the examples of docs/events.md', () => {
  let embedded: Embedded;

  beforeAll(async () => {
    const fencing = { device: notAsked };
    const services = {
      compute,
      fencing,
      policy,
      clock: systemClock,
      chance: systemChance,
      guests: systemGuests,
      log: quiet,
    };
    embedded = await startEmbedded({ port: 0, services });
  }, 30_000);
  afterAll(() => embedded.stop());

  it('are one for curl, the AWS CLI, Python and TypeScript', () => {
    expect(examples.map((block) => runnerOf(block).name)).toEqual(['curl', 'aws', 'python', 'ts']);
  });

  for (const block of examples) {
    const { name, command, probe } = runnerOf(block);
    it.skipIf(!isThere(probe))(`${name}: the event arrives and counts`, async () => {
      const [program = '', ...args] = command;
      await run(program, [...args, block.text], { cwd: fileURLToPath(ROOT), env: environment(embedded) });
      const source = /\/agents\/[a-z0-9-]+/.exec(block.text)?.[0] ?? 'none';
      await vi.waitFor(
        async () => {
          const host = await loadHost(embedded.state, hostKeyOf('default', 'RegionOne', SERVICE_ID));
          expect(host?.value.claims[source]?.says).toBe('down');
          expect(host?.value.incident?.status).toBe('suspected');
        },
        { timeout: 10_000, interval: 50 },
      );
    });
  }
});

/** As docs/events.md sets it for one site. No other AWS_* variable gets through. */
function environment({ endpoint, queueUrls }: Embedded): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('AWS_'));
  return {
    ...Object.fromEntries(inherited),
    AWS_ENDPOINT_URL_SQS: endpoint,
    QUEUE_URL: queueUrls['host-events'],
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
  };
}
