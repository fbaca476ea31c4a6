/**
 * Deploys salvor to the LocalStack at AWS_ENDPOINT_URL (default http://127.0.0.1:4566), and prints the stack's outputs
 * as JSON: `npm run deploy:localstack -- [--policy <file>] [--stage <name>]`.
 */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { deployToLocalStack } from './localstack/deploy.ts';
import { isHealthy } from './localstack/endpoint.ts';

const OUTPUT = fileURLToPath(new URL('../cdk.out/localstack', import.meta.url));

const { values } = parseArgs({ options: { policy: { type: 'string' }, stage: { type: 'string', default: 'local' } } });
const endpoint = (process.env.AWS_ENDPOINT_URL ?? 'http://127.0.0.1:4566').replace(/\/+$/, '');

// Only an emulator answers the health request, so that nothing is deployed to a real account by accident.
if (await isHealthy(endpoint)) {
  const { policy, stage } = values;
  const outputs = await deployToLocalStack({
    endpoint,
    stage,
    output: join(OUTPUT, stage),
    ...(policy === undefined ? {} : { policy: resolve(policy) }),
    echo: true,
  });
  process.stdout.write(`${JSON.stringify(outputs, null, 2)}\n`);
} else {
  process.stderr.write(
    `no LocalStack answers at ${endpoint}: start one with "test/localstack/kit/up.sh start", or set AWS_ENDPOINT_URL\n`,
  );
  process.exitCode = 1;
}
