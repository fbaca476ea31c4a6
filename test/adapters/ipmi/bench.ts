import { type IpmiDeviceOptions, ipmiDevice } from '#shared/adapters/fencing/ipmi/device.ts';
import { type IpmiBmc, type IpmiBmcOptions, startIpmiBmc } from '#sim/bmc/ipmi.ts';
import { type Passed, startUdpProxy, type UdpProxy } from '../../support/udp-proxy.ts';

export const UUID = '00112233-4455-6677-8899-aabbccddeeff';
/** The same as most BMCs hand it out. */
export const GUID = Buffer.from('33221100554477668899aabbccddeeff', 'hex');
export const USERNAME = 'root';
export const PASSWORD = 'geheim-0815';

export interface Bench {
  readonly bmc: IpmiBmc;
  readonly proxy: UdpProxy;
  /** The host behind the BMC. */
  readonly host: { power: 'on' | 'off'; readonly controls: number[]; readonly commands: string[] };
  device(changes?: Partial<IpmiDeviceOptions>): ReturnType<typeof ipmiDevice>;
  close(): Promise<void>;
}

export interface BenchOptions extends Partial<Omit<IpmiBmcOptions, 'chassis' | 'onCommand'>> {
  readonly systemGuid?: Buffer | undefined;
  readonly deviceGuid?: Buffer;
  /** What the BMC answers to a Chassis Control, having done nothing; it obeys if absent. */
  readonly controlCode?: number;
  readonly change?: (datagram: Passed, index: number) => readonly Buffer[];
}

/** A simulated BMC, and a driver that reaches it through a proxy. */
export async function startBench(options: BenchOptions = {}): Promise<Bench> {
  const host: Bench['host'] = { power: 'on', controls: [], commands: [] };
  const bmc = await startIpmiBmc({
    accounts: [{ username: USERNAME, password: PASSWORD }],
    ...options,
    chassis: {
      systemGuid: () => ('systemGuid' in options ? options.systemGuid : GUID),
      deviceGuid: () => options.deviceGuid,
      power: () => host.power,
      control: (action) => {
        host.controls.push(action);
        if (options.controlCode !== undefined) return options.controlCode;
        host.power = action === 0 ? 'off' : 'on';
        return 0;
      },
    },
    onCommand: ({ netFn, command }) => {
      host.commands.push(`${netFn.toString(16)}/${command.toString(16)}`);
      return () => undefined;
    },
  });
  const proxy = await startUdpProxy(bmc.port, options.change);
  return {
    bmc,
    proxy,
    host,
    device: (changes = {}) =>
      ipmiDevice({
        host: '127.0.0.1',
        port: proxy.port,
        username: USERNAME,
        password: PASSWORD,
        timeoutSeconds: 5,
        ...changes,
      }),
    close: async () => {
      await proxy.close();
      await bmc.stop();
    },
  };
}

/** Starts benches of a test file and closes them again. */
export function benches(): { start: typeof startBench; closeAll: () => Promise<void> } {
  const started: Bench[] = [];
  return {
    start: async (options) => {
      const bench = await startBench(options);
      started.push(bench);
      return bench;
    },
    closeAll: async () => {
      for (const bench of started.splice(0)) await bench.close();
    },
  };
}
