import { type JudgedDevice, judgeDevices, type SurveyedDevice } from '#shared/domain/device-survey.ts';
import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { segmentsOf, usesAggregates } from '#shared/domain/segments.ts';
import type { ComputeService } from '#shared/ports.ts';
import { openDevice } from '#shared/shell/device.ts';
import { type OpenSite, openSite, type SiteFiles } from './open-site.ts';

/** Devices that are asked at the same time: BMC networks are slow, and often behind one small switch. */
const AT_ONCE = 20;

/**
 * Reads the power of every protected host's device, and changes nothing.
 * @throws PermanentError, RetryableError when the policy or the cloud can't be read.
 */
export async function surveyDevices(
  files: SiteFiles,
): Promise<{ readonly policy: Policy; readonly devices: readonly JudgedDevice[] }> {
  const site = openSite(files);
  const { compute } = site.connection;
  try {
    const [services, aggregates] = await Promise.all([
      compute.services(),
      usesAggregates(site.policy) ? compute.aggregates() : [],
    ]);
    const left = services
      .filter((service) => segmentsOf(site.policy, service, aggregates).length > 0)
      .sort((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }));
    const order = left.map(({ host }) => host);
    const asked = new Map<string, SurveyedDevice>();
    const askOn = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift())
        asked.set(next.host, await ask(site, next));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askOn));
    return { policy: site.policy, devices: judgeDevices(order.flatMap((host) => asked.get(host) ?? [])) };
  } finally {
    await site.connection.close();
  }
}

async function ask({ policy, connection }: OpenSite, { host, state }: ComputeService): Promise<SurveyedDevice> {
  const config = fenceDeviceOf(policy, host);
  const common = { host, novaState: state, configured: config?.systemUuid };
  const without = (detail: string) => ({ ...common, reading: { power: 'unknown', systemUuid: null, detail } as const });
  if (config === undefined) return without('the policy names no fence device for the host');
  const device = await openDevice(connection, config);
  if (typeof device === 'string') return without(device);
  const { power, systemUuid, detail } = await device.readPower();
  return { ...common, reading: { power, systemUuid, detail } };
}
