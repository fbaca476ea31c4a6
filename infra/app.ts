import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { bundleFunctions } from './bundle.ts';
import { DeploymentError, readDeployment } from './cdk/deployment.ts';
import { SalvorStack } from './cdk/salvor-stack.ts';

/** The CDK app: bundles the functions into the cloud assembly and defines one stack per stage. */
async function main(): Promise<void> {
  const app = new App();
  const { deployment, policy } = readDeployment((key) => app.node.tryGetContext(key));
  const bundles = await bundleFunctions(join(app.outdir, 'functions'), policy);
  const folders = new Map(bundles.map(({ name, folder }) => [name, folder]));
  new SalvorStack(app, `salvor-${deployment.stage}`, {
    deployment,
    codeOf: (name) => Code.fromAsset(folders.get(name) ?? ''),
    description: 'Recovers the instances of failed OpenStack compute hosts (salvor)',
    ...environmentOfCli(),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  app.synth();
}

/** The CLI names the account and the region of its credentials; without any, the stack fits every environment. */
function environmentOfCli() {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  return account === undefined || region === undefined ? {} : { env: { account, region } };
}

try {
  await main();
} catch (error) {
  if (!(error instanceof DeploymentError)) throw error;
  process.stderr.write(`salvor: ${error.message}\n`);
  process.exitCode = 1;
}
