import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { deployToLocalStack } from '#infra/localstack/deploy.ts';
import { isHealthy } from '#infra/localstack/endpoint.ts';
import { PermanentError } from '#shared/errors.ts';

export type Target =
  | { readonly kind: 'aws'; readonly yes: boolean; readonly bootstrap: boolean }
  | { readonly kind: 'localstack'; readonly endpoint: string };

/** By name; which there are depends on the policy. */
export type Outputs = Readonly<Record<string, string>>;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const written = z.record(z.string(), z.record(z.string(), z.string()));

/**
 * Deploys the stack and returns its outputs. What the CDK says while it runs goes to standard error.
 * @throws PermanentError when nothing can be deployed there, or the CDK has failed
 */
export async function deployStack(
  target: Target,
  stage: string,
  context: Readonly<Record<string, string>>,
): Promise<Outputs> {
  return target.kind === 'aws' ? toAws(target, stage, context) : toLocalStack(target.endpoint, stage, context);
}

async function toLocalStack(
  endpoint: string,
  stage: string,
  context: Readonly<Record<string, string>>,
): Promise<Outputs> {
  // Only an emulator answers the health request, so that nothing is deployed to a real account by accident.
  if (!(await isHealthy(endpoint)))
    throw new PermanentError(
      `no LocalStack answers at ${endpoint}: start one with "test/localstack/kit/up.sh start", or name it: --localstack <endpoint>`,
    );
  const output = join(ROOT, 'cdk.out/localstack', stage);
  await deployToLocalStack({ endpoint, stage, output, context, echo: true });
  return outputsIn(join(output, 'outputs.json'), stage);
}

async function toAws(
  { yes, bootstrap }: Extract<Target, { kind: 'aws' }>,
  stage: string,
  context: Readonly<Record<string, string>>,
): Promise<Outputs> {
  const output = join(ROOT, 'cdk.out/aws', stage);
  mkdirSync(output, { recursive: true });
  const outputsFile = join(output, 'outputs.json');
  const given = Object.entries(context).flatMap(([key, value]) => ['--context', `${key}=${value}`]);
  if (bootstrap) await cdk(['bootstrap', ...given, '--output', output]);
  const approval = yes ? ['--require-approval', 'never'] : [];
  await cdk(['deploy', ...given, ...approval, '--output', output, '--outputs-file', outputsFile]);
  return outputsIn(outputsFile, stage);
}

/** With this terminal, as the CDK asks there before it widens permissions. Its standard output is not ours: JSON goes there. */
async function cdk(args: readonly string[]): Promise<void> {
  const cli = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  const child = spawn(process.execPath, [cli, ...args, '--no-notices'], {
    cwd: ROOT,
    stdio: ['inherit', 2, 'inherit'],
  });
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  if (status !== 0) throw new PermanentError(`cdk ${args[0]} has failed: it says above why`);
}

function outputsIn(file: string, stage: string): Outputs {
  const outputs = written.parse(JSON.parse(readFileSync(file, 'utf8')))[`salvor-${stage}`];
  if (outputs === undefined) throw new PermanentError(`cdk deploy wrote no outputs of salvor-${stage}`);
  return outputs;
}
