import { Command, Option } from 'commander';
import { type Gateway, type ReadDatagram, startGateway } from '#infra/gateway/gateway.ts';
import { hostKey } from '#infra/gateway/hbv2.ts';
import { hexKeys } from '#infra/gateway/keys.ts';
import { kept, namesIn } from '#infra/gateway/names.ts';
import { hbv2Reader, kdumpReader } from '#infra/gateway/readers.ts';
import { loadCloud } from '#shared/adapters/openstack/clouds-yaml.ts';
import { fileSecrets } from '#shared/adapters/secrets/file.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { askedToEnd } from '../asked-to-end.ts';
import { UsageError } from '../exit.ts';
import { jsonLog, print } from '../output.ts';
import { keysOption, portNumber, type SenderFlags, senderOf, withSenderOptions } from './sender-options.ts';
import { cloudOption } from './site-options.ts';

interface GatewayFlags extends SenderFlags {
  readonly address: string;
  readonly port: number;
  readonly hosts?: string;
}

const KEYS_AGAIN_MS = 30_000;
const NAMES_AGAIN_MS = 60_000;

/** `salvor gateway`: brings datagrams of programs that speak no HTTP to salvor. */
export function gatewayCommand(): Command {
  const command = new Command('gateway').description('bring heartbeats and crash notices that come by UDP to salvor');
  command.addCommand(hbv2Command());
  command.addCommand(kdumpCommand());
  command.addCommand(keyCommand());
  return command;
}

function hbv2Command(): Command {
  return withCommonOptions(new Command('hbv2'), 7411)
    .description("take Red Hat's signed heartbeats (HBV2) as host.heartbeat")
    .addOption(secretOption())
    .option('--per-host-keys', 'each host signs with a key of its own: salvor gateway key')
    .option('--domain <name>', "what Nova's service hosts have behind the short names of the heartbeats")
    .action(async (flags: GatewayFlags & { secret: string; perHostKeys?: boolean; domain?: string }) => {
      const log = jsonLog();
      const secrets = fileSecrets(flags.secrets);
      const keys = await kept(() => hexKeys(secrets, flags.secret), KEYS_AGAIN_MS, log);
      const names = await kept(async () => namesOf(flags.hosts), NAMES_AGAIN_MS, log);
      const behind = flags.domain === undefined ? '' : `.${flags.domain}`;
      const read = hbv2Reader(
        `/hbv2/${flags.name}`,
        () => ({ keys: keys.now(), perHost: flags.perHostKeys === true }),
        (name) => names.now().get(name) ?? `${name}${behind}`,
      );
      await runUntilStopped('hbv2', flags, read);
      keys.stop();
      names.stop();
    });
}

function kdumpCommand(): Command {
  return withCommonOptions(new Command('kdump'), 7410)
    .description('take packets of fence_kdump_send as host.dumping: their power-off waits')
    .addOption(cloudOption())
    .option('--from-nova', "find hosts by their addresses in Nova too (host_ip of the hypervisors): with clouds.yaml's")
    .action(async (flags: GatewayFlags & { cloud?: string; fromNova?: boolean }) => {
      if (flags.hosts === undefined && flags.fromNova !== true)
        throw new UsageError('packets name no host: give their addresses with --hosts, or --from-nova');
      const log = jsonLog();
      const connection = flags.fromNova === true ? await connectTo(flags.cloud, flags.secrets) : undefined;
      const { hostAddresses } = await import('#shared/adapters/openstack/host-addresses.ts');
      const read = async () =>
        new Map([...(connection ? await hostAddresses(connection.session) : []), ...namesOf(flags.hosts)]);
      const names = await kept(read, NAMES_AGAIN_MS, log);
      await runUntilStopped(
        'kdump',
        flags,
        kdumpReader(`/kdump/${flags.name}`, (address) => names.now().get(address)),
      );
      names.stop();
      await connection?.close();
    });
}

/** `salvor gateway key HOST`: what stands in the key file of that host. */
function keyCommand(): Command {
  return new Command('key')
    .description("print a host's own key for --per-host-keys, as its sender reads it")
    .argument('<host>', 'the short name that the host sends')
    .addOption(keysOption())
    .addOption(secretOption())
    .action(async (host: string, { secrets, secret }: { secrets: string; secret: string }) => {
      const [current] = await hexKeys(fileSecrets(secrets), secret);
      if (current !== undefined) print(hostKey(current, host).toString('hex'));
    });
}

const secretOption = (): Option =>
  new Option('--secret <name>', 'the secret whose key and previousKey (hexadecimal) sign the heartbeats').default(
    'hbv2',
  );

function withCommonOptions(command: Command, defaultPort: number): Command {
  return withSenderOptions(
    command
      .addOption(new Option('--address <address>', 'where it listens').default('0.0.0.0'))
      .addOption(new Option('--port <n>', 'UDP port').default(defaultPort).argParser(portNumber))
      .option('--hosts <file>', "YAML: names or addresses to Nova's service hosts"),
  );
}

const namesOf = (path: string | undefined): ReadonlyMap<string, string> =>
  path === undefined ? new Map() : namesIn(path);

async function connectTo(cloudName: string | undefined, secrets: string) {
  const { connect } = await import('#shared/connect.ts');
  const cloud = loadCloud({
    env: process.env,
    workingDirectory: process.cwd(),
    ...(cloudName === undefined ? {} : { cloudName }),
  });
  return connect(cloud, fileSecrets(secrets));
}

async function runUntilStopped(kind: string, flags: GatewayFlags, read: ReadDatagram): Promise<void> {
  const { address, port: udpPort, healthPort } = flags;
  const sender = await senderOf(flags);
  const log = jsonLog();
  const gateway: Gateway = await startGateway({
    ...{ kind, address, port: udpPort, read, sender, clock: systemClock, log, healthPort },
  });
  const ended = askedToEnd();
  log.info(`gateway ${kind} listens`, { address, port: gateway.port, healthPort: gateway.healthPort });
  await ended;
  await gateway.stop();
}
