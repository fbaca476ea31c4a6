import { BlockList } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { startForwarding } from '#infra/gateway/forward.ts';
import { isReaching, serveHealth, tellEveryMinute } from '#infra/gateway/health.ts';
import { asker } from '#infra/probe/ask.ts';
import { startProbe } from '#infra/probe/probe.ts';
import { addRange } from '#infra/probe/target.ts';
import { loadCloud } from '#shared/adapters/openstack/clouds-yaml.ts';
import { probeServers } from '#shared/adapters/openstack/probe-servers.ts';
import { fileSecrets } from '#shared/adapters/secrets/file.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { askedToEnd } from '../asked-to-end.ts';
import { jsonLog } from '../output.ts';
import { type SenderFlags, senderOf, withSenderOptions } from './sender-options.ts';
import { cloudOption } from './site-options.ts';

interface ProbeFlags extends SenderFlags {
  readonly cloud?: string;
  readonly range: BlockList;
  readonly network?: string;
  readonly floating?: boolean;
  readonly interval: number;
  readonly timeout: number;
  readonly misses: number;
  readonly concurrency: number;
}

const atLeastOne = (text: string): number => {
  const value = Number(text);
  if (!(value >= 1 && value <= 86_400)) throw new InvalidArgumentError('A number from 1 on is needed.');
  return value;
};

function rangeOption(text: string, before: BlockList = new BlockList()): BlockList {
  const ranges = addRange(before, text);
  if (ranges === undefined) throw new InvalidArgumentError('A range of addresses is needed: 203.0.113.0/24.');
  return ranges;
}

/** `salvor probe`: asks the instances whose owners want it, and says which do not answer any more. */
export function probeCommand(): Command {
  return withSenderOptions(
    new Command('probe')
      .description('ask instances that have opted in (metadata salvor:probe), and report those that cease to answer')
      .addOption(cloudOption())
      .addOption(
        new Option('--range <cidr>', 'ask at addresses in this range only; may be given more than once')
          .makeOptionMandatory()
          .argParser(rangeOption),
      )
      .option('--network <name>', 'ask at addresses of this network only')
      .option('--floating', 'ask at floating addresses, not at fixed ones')
      .addOption(new Option('--interval <seconds>', 'between two times').default(10).argParser(atLeastOne))
      .addOption(new Option('--timeout <seconds>', 'for an answer').default(2).argParser(atLeastOne))
      .addOption(new Option('--misses <n>', 'in a row, until it is said').default(3).argParser(atLeastOne))
      .addOption(new Option('--concurrency <n>', 'instances at a time').default(64).argParser(atLeastOne)),
  ).action(async (flags: ProbeFlags) => {
    const log = jsonLog();
    const cloud = loadCloud({
      env: process.env,
      workingDirectory: process.cwd(),
      ...(flags.cloud === undefined ? {} : { cloudName: flags.cloud }),
    });
    const sender = await senderOf(flags);
    const { connect } = await import('#shared/connect.ts');
    const connection = connect(cloud, fileSecrets(flags.secrets));
    const forwarder = startForwarding(sender, systemClock, log);
    const probe = startProbe({
      source: `/probe/${flags.name}`,
      choice: { kind: flags.floating === true ? 'floating' : 'fixed', network: flags.network, ranges: flags.range },
      intervalMs: flags.interval * 1000,
      misses: flags.misses,
      concurrency: flags.concurrency,
      servers: probeServers(connection.session),
      ask: asker(flags.timeout * 1000),
      forwarder,
      clock: systemClock,
      chance: systemChance,
      log,
    });
    const figures = () => ({ ...probe.figures(), ...forwarder.figures, blamesItself: probe.blamesItself() ?? null });
    const stopTelling = tellEveryMinute(log, 'probe', figures);
    const isWell = () => isReaching(forwarder, systemClock) && probe.blamesItself() === undefined;
    const health = flags.healthPort === undefined ? undefined : await serveHealth(flags.healthPort, isWell, figures);
    const ended = askedToEnd();
    log.info('the probe runs', { source: `/probe/${flags.name}` });
    await ended;
    stopTelling();
    health?.close();
    health?.closeAllConnections();
    await probe.stop();
    await forwarder.stop();
    await connection.close();
  });
}
