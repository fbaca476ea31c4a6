import { Command, Option } from 'commander';
import type { HttpOptions } from '#infra/embedded/http-server.ts';
import { askedToEnd } from '../asked-to-end.ts';
import { readSigningKey } from '../checkpoint-file.ts';
import { type CheckpointPlace, keepTaking } from '../checkpoints.ts';
import { UsageError } from '../exit.ts';
import { jsonLog, print } from '../output.ts';
import { cloudOption, policyOption, secretsOption } from './site-options.ts';

/** `salvor up` (`npm start`): the pipeline for one site, until it is told to stop. */
export function upCommand(): Command {
  return new Command('up')
    .description('run the pipeline for one site, against the cloud of clouds.yaml or OS_*')
    .addOption(policyOption())
    .addOption(secretsOption())
    .addOption(cloudOption())
    .addOption(
      new Option('--port <n>', 'port of the SQS endpoint on 127.0.0.1')
        .env('SALVOR_PORT')
        .default(9324)
        .argParser(Number),
    )
    .addOption(
      new Option('--http-port <n>', 'port of the HTTP endpoint')
        .env('SALVOR_HTTP_PORT')
        .default(15868)
        .argParser(Number),
    )
    .addOption(
      new Option('--http-address <ip>', 'where the HTTP endpoint listens; 0.0.0.0: on every network')
        .env('SALVOR_HTTP_ADDRESS')
        .default('127.0.0.1'),
    )
    .addOption(new Option('--tls-cert <file>', 'its certificate with its chain, PEM').env('SALVOR_TLS_CERT'))
    .addOption(new Option('--tls-key <file>', 'and the key of that, PEM').env('SALVOR_TLS_KEY'))
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
    .action(async (options, command: Command) => {
      const { policy, secrets, cloud, port, checkpoints, checkpointKey } = options;
      const { stateDir } = command.optsWithGlobals<{ stateDir: string }>();
      const place = placeOf(checkpoints, checkpointKey);
      const log = jsonLog();
      const { startSite } = await import('#infra/site/site.ts');
      const site = await startSite({
        policyFile: policy,
        secretsFile: secrets,
        stateDir,
        port,
        http: { address: options.httpAddress, port: options.httpPort, tls: tlsOf(options.tlsCert, options.tlsKey) },
        log,
        ...(cloud === undefined ? {} : { cloudName: cloud }),
      });
      const ended = askedToEnd();
      print(
        `${site.hosts} hosts in ${site.policy.segments.length} segments; events go to ${site.embedded.queueUrls['host-events']}`,
      );
      print(`or by HTTP to ${site.httpUrl}`);
      const taking = place && keepTaking(site.embedded.state, place, log);
      await ended;
      taking?.stop();
      await site.stop();
    });
}

function tlsOf(certificate: string | undefined, key: string | undefined): HttpOptions['tls'] {
  if ((certificate === undefined) !== (key === undefined))
    throw new UsageError('--tls-cert and --tls-key belong together');
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

function placeOf(path: string | undefined, key: string | undefined): CheckpointPlace | undefined {
  if ((path === undefined) !== (key === undefined))
    throw new UsageError('--checkpoints and --checkpoint-key belong together');
  return path === undefined || key === undefined ? undefined : { path, privateKey: readSigningKey(key) };
}
