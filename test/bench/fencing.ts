import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fencing } from '#shared/adapters/fencing/registry.ts';
import type { FenceDevice, FenceDeviceConfig } from '#shared/ports.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import { ipmitool, PASSWORD, startIpmiSim, USERNAME } from '../agents/ipmi-sim.ts';
import { until } from '../openstack/poll.ts';
import { certificate } from '../support/tls.ts';
import { median } from './median.ts';

/** From the request to the proof: the power is asked to go off, and read as off by the device. */
export interface FencingFigures {
  readonly rounds: number;
  /** Milliseconds, the median; absent where the program is not installed. */
  readonly ms: Readonly<Record<string, number>>;
}

interface Peer {
  givePower(): Promise<void> | void;
  close(): Promise<void>;
  readonly ways: Readonly<Record<string, () => Promise<void>>>;
}

const program = promisify(execFile);
const onPath = (name: string): Promise<boolean> =>
  program('sh', ['-c', `command -v ${name}`]).then(
    () => true,
    () => false,
  );

/** As salvor does it: off, then readings until one says so. */
async function proven(device: FenceDevice): Promise<void> {
  const { systemUuid } = await device.readPower();
  const answer = await device.powerOff(systemUuid);
  if (answer.kind !== 'accepted') throw new Error(answer.detail);
  await until('a reading of off', async () => ((await device.readPower()).power === 'off' ? true : undefined), {
    intervalMs: 20,
  });
}

const deviceOf = (config: FenceDeviceConfig, username: string, password: string): Promise<FenceDevice> =>
  fencing({ secrets: { get: async () => ({ username, password }) }, version: '0' }).device(config);

async function ipmiPeer(): Promise<Peer> {
  const sim = await startIpmiSim();
  const { port } = sim;
  const common = { driver: 'ipmi', address: `127.0.0.1:${port}`, credentials: 'bmc', timeoutSeconds: 10 } as const;
  const device = await deviceOf(
    { ...common, cipherSuite: 3, privilege: 'administrator', guidEncoding: 'smbios' },
    USERNAME,
    PASSWORD,
  );
  const agent = ['--lanplus', '--cipher', '3', '--ip', '127.0.0.1', '--ipport', String(port), '--username', USERNAME];
  return {
    givePower: () => sim.setPower('on'),
    close: sim.close,
    ways: {
      'salvor, IPMI': () => proven(device),
      ipmitool: async () => {
        await ipmitool(port, 3, 'chassis', 'power', 'off');
        await until('ipmitool to say off', async () =>
          (await ipmitool(port, 3, 'chassis', 'power', 'status')).includes('is off') ? true : undefined,
        );
      },
      ...((await onPath('fence_ipmilan'))
        ? {
            fence_ipmilan: async () => {
              await program('fence_ipmilan', [...agent, '--password', PASSWORD, '--action', 'off']);
            },
          }
        : {}),
    },
  };
}

async function redfishPeer(): Promise<Peer> {
  const tls = certificate();
  const host = 'compute-1';
  const sim = await startSimulatedCloud({ hosts: 2, tls });
  const url = new URL(`${sim.bmcUrl(host)}${sim.bmcSystemPath(host)}`);
  const { username, password } = sim.bmcCredentials;
  const pinned = { url: url.href, credentials: 'bmc', timeoutSeconds: 10, certificateSha256: tls.sha256 };
  const device = await deviceOf({ driver: 'redfish', ...pinned }, username, password);
  const at = ['--ip', url.hostname, '--ipport', url.port, '--systems-uri', url.pathname, '--ssl-insecure'];
  return {
    givePower: () => sim.powerOn(host),
    close: () => sim.stop(),
    ways: {
      'salvor, Redfish': () => proven(device),
      ...((await onPath('fence_redfish'))
        ? {
            fence_redfish: async () => {
              await program('fence_redfish', [
                ...at,
                '--username',
                username,
                '--password',
                password,
                '--action',
                'off',
              ]);
            },
          }
        : {}),
    },
  };
}

/** Rounds are interleaved, so that a busy moment of the machine strikes all ways alike. */
export async function measureFencing(rounds: number): Promise<FencingFigures> {
  const peers = [await ipmiPeer(), await redfishPeer()];
  const ways = peers.flatMap(({ givePower, ways }) =>
    Object.entries(ways).map(([name, fence]) => ({ name, givePower, fence })),
  );
  const taken = new Map<string, number[]>();
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const { name, givePower, fence } of ways) {
        await givePower();
        const startedMs = performance.now();
        await fence();
        taken.set(name, [...(taken.get(name) ?? []), performance.now() - startedMs]);
      }
    return { rounds, ms: Object.fromEntries([...taken].map(([name, all]) => [name, median(all)])) };
  } finally {
    for (const peer of peers) await peer.close();
  }
}

export const fencingPart = (machine: string, { rounds, ms }: FencingFigures): string[] => [
  '',
  '## Fencing: from the request to the proof',
  '',
  machine,
  '',
  `Medians of ${rounds} interleaved rounds. Each way asks the same board to cut the power and is done when the board says off:`,
  "OpenIPMI's ipmi_sim by IPMI v2.0 with cipher suite 3, and the simulated cloud's board by Redfish over TLS. The other programs are",
  'those of Debian, started anew each time, as a cluster manager starts them. salvor reads the power once before it asks.',
  '',
  '| | ms |',
  '| --- | --- |',
  ...Object.entries(ms).map(([name, value]) => `| ${name} | ${value.toFixed(0)} |`),
];
