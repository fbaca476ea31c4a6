import type { ComputeService, PowerReading } from '#shared/ports.ts';

/** What a fence device said when it was asked before anything is wrong. */
export interface SurveyedDevice {
  readonly host: string;
  readonly novaState: ComputeService['state'];
  /** `unknown` too where the policy has no device, or its secret is missing: `detail` says so. */
  readonly reading: Pick<PowerReading, 'power' | 'systemUuid' | 'detail'>;
  /** The system that the policy names for the host. */
  readonly configured: string | undefined;
}

export interface JudgedDevice extends SurveyedDevice {
  /** `wrong`: it would not fence its host, or another one. `unproven`: nothing tells whose it is. */
  readonly verdict: 'good' | 'unproven' | 'wrong';
  readonly because: string;
}

/** What can be told of each device from outside, before it is needed (S2). Two addresses that are swapped look good. */
export function judgeDevices(devices: readonly SurveyedDevice[]): readonly JudgedDevice[] {
  const hostsOf = Map.groupBy(devices, ({ reading }) => reading.systemUuid);
  return devices.map((device) => {
    const { host, reading, configured, novaState } = device;
    const { power, systemUuid, detail } = reading;
    const told = systemUuid ?? 'none';
    const others = systemUuid === null ? [] : (hostsOf.get(systemUuid) ?? []).filter((each) => each.host !== host);
    const wrong = (because: string): JudgedDevice => ({ ...device, verdict: 'wrong', because });
    const unproven = (because: string): JudgedDevice => ({ ...device, verdict: 'unproven', because });
    if (power === 'unknown') return wrong(`does not tell the power: ${detail}`);
    if (configured !== undefined && configured !== systemUuid)
      return wrong(`the policy names system ${configured}, and it tells ${told}`);
    if (others.length > 0) return wrong(`the same system answers for ${others.map((each) => each.host).join(', ')}`);
    if (power === 'off' && novaState === 'up') return wrong('reads off, and Nova sees the host up: it is not its own');
    if (systemUuid === null) return unproven('tells no system UUID: nothing would bind it to its host');
    if (configured === undefined)
      return unproven('the policy names no systemUuid: whoever answers first, and be it to be fenced, is believed');
    return { ...device, verdict: 'good', because: 'is the system that the policy names' };
  });
}
