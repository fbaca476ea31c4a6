import { once } from 'node:events';
import { Command, Option } from 'commander';
import { startSite } from '#infra/site/site.ts';
import { jsonLog, print } from '../output.ts';

/** `salvor up` (`npm start`): the pipeline for one site, until it is told to stop. */
export function upCommand(): Command {
  return new Command('up')
    .description('run the pipeline for one site, against the cloud of clouds.yaml or OS_*')
    .addOption(new Option('--policy <file>', 'the policy, YAML or JSON').env('SALVOR_POLICY').default('policy.yaml'))
    .addOption(
      new Option('--secrets <file>', "the fence devices' credentials, mode 600")
        .env('SALVOR_SECRETS')
        .default('secrets.yaml'),
    )
    .addOption(new Option('--cloud <name>', 'cloud of clouds.yaml').env('OS_CLOUD'))
    .addOption(
      new Option('--port <n>', 'port of the SQS endpoint on 127.0.0.1')
        .env('SALVOR_PORT')
        .default(9324)
        .argParser(Number),
    )
    .action(async ({ policy, secrets, cloud, port }, command: Command) => {
      const { stateDir } = command.optsWithGlobals<{ stateDir: string }>();
      const site = await startSite({
        policyFile: policy,
        secretsFile: secrets,
        stateDir,
        port,
        log: jsonLog(),
        ...(cloud === undefined ? {} : { cloudName: cloud }),
      });
      print(
        `${site.hosts} hosts in ${site.policy.segments.length} segments; events go to ${site.embedded.queueUrls['host-events']}`,
      );
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      await site.stop();
    });
}
