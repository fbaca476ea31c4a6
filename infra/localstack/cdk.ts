/** Runs the CDK CLI that package.json pins, as a user would, against an emulator. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOCALSTACK_ENVIRONMENT } from './endpoint.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

export interface CdkOptions {
  /** The AWS_* variables of the emulator (`awsEnvironment`). No other AWS_* or CDK_* variable reaches the CLI. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder for the cloud assembly and for what the CLI remembers. */
  readonly output: string;
  /** Also show what the CLI says while it runs, on standard error. */
  readonly echo?: boolean;
}

/**
 * `cdk <args>` in the root of the project, with this process's Node for the CLI and for the app.
 * @param args without `--output`.
 * @returns what it wrote to standard output.
 * @throws Error with all that it printed, if it failed.
 */
export async function cdk(args: readonly string[], { env, output, echo = false }: CdkOptions): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args, '--output', output, '--no-notices', '--ci'], {
    cwd: ROOT,
    env: cliEnvironment(env, output),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
      if (echo) process.stderr.write(text);
    });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  if (exitCode !== 0) throw new Error(`cdk ${args.join(' ')} failed\n${printed.stderr}\n${printed.stdout}`);
  return printed.stdout;
}

/** Makes what `cdk deploy` needs in an account: the bucket for assets and the roles. */
export async function bootstrap(options: CdkOptions): Promise<void> {
  const { account, region } = LOCALSTACK_ENVIRONMENT;
  await cdk(['bootstrap', `aws://${account}/${region}`], options);
}

function cliEnvironment(env: Readonly<Record<string, string>>, output: string): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name)));
  return {
    ...inherited,
    ...env,
    PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
    CDK_HOME: join(output, '.cdk'),
    CDK_DISABLE_VERSION_CHECK: '1',
    CDK_DISABLE_CLI_TELEMETRY: '1',
  };
}
