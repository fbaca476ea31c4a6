import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../openstack/poll.ts';
import { run } from './program.ts';

export const USERNAME = 'admin';
export const PASSWORD = 'geheim-0815';
/** What OpenIPMI's simulator hands out as it is, byte by byte. */
export const GUID = '33221100554477668899aabbccddeeff';

export interface IpmiSim {
  readonly port: number;
  power(): 'on' | 'off';
  setPower(power: 'on' | 'off'): void;
  /** As in the fencing contract. */
  spoil(fault: 'stuck' | 'error' | 'hang' | undefined): void;
  close(): Promise<void>;
}

/** ipmi_sim calls it for a chassis command (ipmi_lan(5), "chassis_control"). */
const CHASSIS = `#!/bin/sh
# chassis.sh FOLDER get power|boot …   or   FOLDER set power 0|1 …
folder=$1 op=$2; shift 2
case "$(cat "$folder/fault")" in error) exit 1 ;; stuck) [ "$op" = set ] && exit 0 ;; esac
case $op in
  get) for what; do case $what in power) echo "power:$(cat "$folder/power")" ;; boot) echo boot:default ;; esac; done ;;
  set) if [ "$1" = power ]; then echo "$2" >"$folder/power"; fi ;;
esac
`;

/** OpenIPMI's BMC simulator on a UDP port of 127.0.0.1. It speaks cipher suite 3, not 17. */
export async function startIpmiSim(): Promise<IpmiSim> {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-ipmi-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const port = await freeUdpPort();
  const power = file('power', '1\n');
  const fault = file('fault', '');
  const chassis = file('chassis.sh', CHASSIS);
  chmodSync(chassis, 0o755);
  const lan = file(
    'lan.conf',
    `name "compute-1"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid ${GUID}
  endlan
  chassis_control "${chassis} ${folder}"
  user 2 true "${USERNAME}" "${PASSWORD}" admin 10 none md2 md5 straight
`,
  );
  const emulation = file(
    'bmc.emu',
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n',
  );
  const program = run('ipmi_sim', ['-n', '-c', lan, '-f', emulation, '-s', folder]);
  const read = (): 'on' | 'off' => (readFileSync(power, 'utf8').trim() === '1' ? 'on' : 'off');
  const sim: IpmiSim = {
    port,
    power: read,
    setPower: (to) => writeFileSync(power, to === 'on' ? '1\n' : '0\n'),
    spoil: (kind) => {
      program.process.kill(kind === 'hang' ? 'SIGSTOP' : 'SIGCONT');
      writeFileSync(fault, kind === undefined || kind === 'hang' ? '' : kind);
    },
    close: async () => {
      program.process.kill('SIGCONT');
      await program.stop();
      rmSync(folder, { recursive: true });
    },
  };
  const answers = () => ipmitool(port, 3, 'chassis', 'power', 'status').catch(() => undefined);
  await until('ipmi_sim to answer', answers, { timeoutMs: 20_000, intervalMs: 200 });
  return sim;
}

/** What ipmitool says to a command. @throws Error with what it complains of */
export async function ipmitool(port: number, suite: 3 | 17, ...command: readonly string[]): Promise<string> {
  return (await ipmitoolWith(port, ['-C', String(suite)], ...command)).stdout;
}

export async function ipmitoolWith(
  port: number,
  options: readonly string[],
  ...command: readonly string[]
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const where = ['-I', 'lanplus', '-H', '127.0.0.1', '-p', String(port), '-U', USERNAME, '-E'];
  return promisify(execFile)('ipmitool', [...where, ...options, ...command], {
    env: { ...process.env, IPMI_PASSWORD: PASSWORD },
    timeout: 30_000,
  });
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
