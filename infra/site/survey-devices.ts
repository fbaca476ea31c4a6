import { withWorkers } from '#shared/adapters/fencing/agent.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { type JudgedDevice, judgeDevices, noDevice, type SurveyedDevice } from '#shared/domain/device-survey.ts';
import { fenceLevelsOf } from '#shared/domain/fence-device.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { addressOf } from '#shared/domain/policy-devices.ts';
import { segmentsOf, usesAggregates } from '#shared/domain/segments.ts';
import type { Workers } from '#shared/ports.ts';
import { askDevices } from '#shared/shell/ask-devices.ts';
import { openSite, type SiteFiles } from './open-site.ts';

/**
 * Reads the power of every protected host by each of its devices, and changes nothing.
 * @param workers of a running salvor: without them nothing is known of devices behind fence workers
 * @throws PermanentError, RetryableError when the policy or the cloud can't be read.
 */
export async function surveyDevices(
  files: SiteFiles,
  workers?: Workers,
): Promise<{ readonly policy: Policy; readonly devices: readonly JudgedDevice[] }> {
  const { policy, connection } = openSite(files);
  const { compute } = connection;
  const fencing = workers === undefined ? connection.fencing : withWorkers(connection.fencing, workers);
  try {
    const [services, aggregates] = await Promise.all([
      compute.services(),
      usesAggregates(policy) ? compute.aggregates() : [],
    ]);
    const { name, region } = policy.cloud;
    const hosts = services
      .map((service) => ({ service, segments: segmentsOf(policy, service, aggregates) }))
      .filter(({ segments }) => segments.length > 0)
      .sort((a, b) => a.service.host.localeCompare(b.service.host, 'en', { numeric: true }))
      .map(({ service: { host, id, state }, segments }) => ({
        ...{ host, hostKey: hostKeyOf(name, region, id), novaState: state },
        watchdog: segments.some(({ fencing: { watchdog } }) => watchdog !== undefined),
      }));
    const devices = hosts.flatMap((of) =>
      fenceLevelsOf(policy, of.host).flatMap((level, index) =>
        level.map((config) => ({ of, level: index + 1, address: addressOf(config), config })),
      ),
    );
    const readings = await askDevices({ fencing, clock: systemClock }, devices, { atOnce: policy.survey.atOnce });
    const ofHost = Map.groupBy(devices, ({ of }) => of);
    const surveyed = hosts.flatMap((of): readonly SurveyedDevice[] => {
      const own = (ofHost.get(of) ?? []).flatMap((device) => {
        const reading = readings.get(device);
        const { level, address, config } = device;
        if (reading === undefined) return [];
        const { driver, systemUuid: configured } = config;
        return [{ ...of, level, address, driver, reading, configured, bound: null }];
      });
      // Whether a watchdog has leases only a salvor that runs can tell.
      return own.length === 0 && !of.watchdog ? [noDevice(of)] : own;
    });
    return { policy, devices: judgeDevices(surveyed) };
  } finally {
    await connection.close();
  }
}
