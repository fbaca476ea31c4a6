import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { QUEUES, type QueueName } from '#events/catalog.ts';
import { type Bundle, bundleFunctions } from '#infra/bundle.ts';
import { readPolicy } from '#infra/site/policy-file.ts';
import { median } from './median.ts';

/** Size of each function's bundle, and the time until its services are built, beside a handler with the SDK clients only. */
export interface BundleFigures {
  readonly bytes: Readonly<Record<string, number>>;
  /** Median ms from the start of the import to the answer to an empty event. */
  readonly initMs: Readonly<Record<string, number>>;
  readonly sdkOnlyInitMs: number;
  /** Median over the runs of each function's time by the SDK handler's of the same round. */
  readonly initRatio: Readonly<Record<string, number>>;
}

const SDK_ONLY = `
  import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
  import { SQSClient } from '@aws-sdk/client-sqs';
  let clients;
  export async function handler() {
    clients ??= [new DynamoDBClient({}), new SQSClient({})];
    return { batchItemFailures: [] };
  }`;

export async function measureBundles(rounds: number): Promise<BundleFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-bundles-'));
  try {
    const bundles = await bundleFunctions(folder, readPolicy('infra/policy.example.yaml'));
    const sdkOnly = await bundleSdkOnly(join(folder, 'sdk-only'));
    const queueFunctions = new Set<string>(Object.values(QUEUES).map((spec) => spec.function));
    return timed(
      folder,
      sdkOnly,
      bundles,
      bundles.filter(({ name }) => queueFunctions.has(name)),
      rounds,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With the same options as `infra/bundle.ts`, so that only the contents differ. */
async function bundleSdkOnly(folder: string): Promise<string> {
  mkdirSync(folder);
  await build({
    stdin: { contents: SDK_ONLY, resolveDir: process.cwd(), sourcefile: 'index.js' },
    entryNames: 'index',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return join(folder, 'index.mjs');
}

function timed(
  folder: string,
  sdkOnly: string,
  bundles: readonly Bundle[],
  timedBundles: readonly Bundle[],
  rounds: number,
): BundleFigures {
  const sdk: number[] = [];
  const times = new Map<string, number[]>(timedBundles.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    sdk.push(initMs(folder, sdkOnly));
    for (const { name, folder: of } of timedBundles) times.get(name)?.push(initMs(of, join(of, 'index.mjs')));
  }
  const each = [...times];
  return {
    bytes: Object.fromEntries(bundles.map(({ name, bytes }) => [name, bytes])),
    initMs: Object.fromEntries(each.map(([name, all]) => [name, median(all)])),
    sdkOnlyInitMs: median(sdk),
    initRatio: Object.fromEntries(
      each.map(([name, all]) => [name, median(all.map((ms, round) => ms / (sdk[round] ?? ms)))]),
    ),
  };
}

/** In a process of its own, as Lambda starts it; the start of Node itself is not counted. */
function initMs(cwd: string, file: string): number {
  const script = join(cwd, 'measure.mjs');
  writeFileSync(
    script,
    `const start = performance.now();
     const { handler } = await import(${JSON.stringify(file)});
     await handler({ Records: [] }, {});
     console.log(performance.now() - start);
     process.exit(0);`,
  );
  return Number(
    execFileSync(process.execPath, [script], { cwd, env: environment(), encoding: 'utf8' }).trim().split('\n').at(-1),
  );
}

function environment(): NodeJS.ProcessEnv {
  const urls = Object.fromEntries(
    (Object.keys(QUEUES) as QueueName[]).map((name) => [name, `http://127.0.0.1:9/${name}`]),
  );
  return {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    STATE_TABLE: 'state',
    AUDIT_TABLE: 'audit',
    QUEUE_URLS: JSON.stringify(urls),
    FENCE_REQUEST_URLS: '{}',
    OWN_PRINCIPALS: '',
    CLOUD_SECRET: 'cloud',
    SECRET_PREFIX: '',
    POLICY_FILE: 'policy.json',
  };
}
