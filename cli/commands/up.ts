import { once } from 'node:events';
import { Command, Option } from 'commander';
import { startSite } from '#infra/site/site.ts';
import { PermanentError } from '#shared/errors.ts';
import { readSigningKey } from '../checkpoint-file.ts';
import { type CheckpointPlace, keepTaking } from '../checkpoints.ts';
import { jsonLog, print } from '../output.ts';
import { cloudOption, secretsOption } from './site-options.ts';

/** `salvor up` (`npm start`): the pipeline for one site, until it is told to stop. */
export function upCommand(): Command {
  return new Command('up')
    .description('run the pipeline for one site, against the cloud of clouds.yaml or OS_*')
    .addOption(new Option('--policy <file>', 'the policy, YAML or JSON').env('SALVOR_POLICY').default('policy.yaml'))
    .addOption(secretsOption())
    .addOption(cloudOption())
    .addOption(
      new Option('--port <n>', 'port of the SQS endpoint on 127.0.0.1')
        .env('SALVOR_PORT')
        .default(9324)
        .argParser(Number),
    )
    .addOption(
      new Option('--checkpoints <file>', 'append a signed checkpoint of the audit log every five minutes').env(
        'SALVOR_CHECKPOINTS',
      ),
    )
    .addOption(
      new Option('--checkpoint-key <file>', 'the key that signs them: Ed25519, PEM, mode 600').env(
        'SALVOR_CHECKPOINT_KEY',
      ),
    )
    .action(async ({ policy, secrets, cloud, port, checkpoints, checkpointKey }, command: Command) => {
      const { stateDir } = command.optsWithGlobals<{ stateDir: string }>();
      const place = placeOf(checkpoints, checkpointKey);
      const log = jsonLog();
      const site = await startSite({
        policyFile: policy,
        secretsFile: secrets,
        stateDir,
        port,
        log,
        ...(cloud === undefined ? {} : { cloudName: cloud }),
      });
      print(
        `${site.hosts} hosts in ${site.policy.segments.length} segments; events go to ${site.embedded.queueUrls['host-events']}`,
      );
      const taking = place && keepTaking(site.embedded.state, place, log);
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      taking?.stop();
      await site.stop();
    });
}

function placeOf(path: string | undefined, key: string | undefined): CheckpointPlace | undefined {
  if ((path === undefined) !== (key === undefined))
    throw new PermanentError('--checkpoints and --checkpoint-key belong together');
  return path === undefined || key === undefined ? undefined : { path, privateKey: readSigningKey(key) };
}
