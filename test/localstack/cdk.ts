/** Runs the CDK CLI that package.json pins, as a user would, against an emulator. */
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

/**
 * `cdk <args>` in the root of the project, with this process's Node for the CLI and for the app.
 * @param args without `--output`; `output` is the folder for the cloud assembly and for what the CLI remembers.
 * @param env the AWS_* variables of the emulator (`LocalStack.env`). No other AWS_* or CDK_* variable reaches the CLI.
 * @returns what it wrote to standard output.
 * @throws Error with all that it printed, if it failed.
 */
export async function cdk(
  args: readonly string[],
  { env, output }: { readonly env: Readonly<Record<string, string>>; readonly output: string },
): Promise<string> {
  const ran = await run(process.execPath, [CLI, ...args, '--output', output, '--no-notices', '--ci'], {
    cwd: ROOT,
    env: cliEnvironment(env, output),
  });
  if (ran.exitCode !== 0) throw new Error(`cdk ${args.join(' ')} failed\n${ran.stderr}\n${ran.stdout}`);
  return ran.stdout;
}

/** The ids of the one environment that LocalStack gives to a key that names no account. */
export const LOCALSTACK_ENVIRONMENT = { account: '000000000000', region: 'us-east-1' } as const;

/** Makes what `cdk deploy` needs in an account: the bucket for assets and the roles. */
export async function bootstrap(options: Parameters<typeof cdk>[1]): Promise<void> {
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
