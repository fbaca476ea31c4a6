import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import type { Probes } from '#shared/domain/gates/probes.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { Services } from '#shared/services.ts';
import { openDevice } from './device.ts';
import { type GateReading, orOutage } from './live.ts';

const DETAIL_CHARS = 200;

/** Tries out whether salvor itself can see: a sample of other hosts' devices, and the services an evacuation needs. */
export async function probe(
  services: Services,
  host: HostState,
  reading: Pick<GateReading, 'live' | 'openIncidents'>,
): Promise<Probes> {
  const hosts = sample(services, host, reading);
  const [devices, health] = await Promise.all([
    Promise.all(hosts.map((name) => tryDevice(services, name))),
    orOutage(services.compute.health()),
  ]);
  if ('value' in health) return { devices, services: health.value };
  return { devices, services: [{ service: 'keystone', answers: false, detail: short(health.outage) }] };
}

/** By chance, so that a device that is always silent does not decide for ever. Not of hosts that may be dead too. */
function sample(
  { policy, chance }: Services,
  { name }: HostState,
  { live, openIncidents }: Pick<GateReading, 'live' | 'openIncidents'>,
): readonly string[] {
  const suspects = new Set(openIncidents.map(({ host }) => host));
  const left = live.segmentServices
    .map(({ host }) => host)
    .filter((host) => host !== name && !suspects.has(host) && fenceDeviceOf(policy, host) !== undefined);
  const picked: string[] = [];
  while (picked.length < policy.observer.devices && left.length > 0)
    picked.push(...left.splice(Math.floor(chance.random() * left.length), 1));
  return picked;
}

async function tryDevice(services: Services, host: string): Promise<Probes['devices'][number]> {
  const { policy } = services;
  const config = fenceDeviceOf(policy, host);
  if (config === undefined) return { host, answered: false, detail: 'no device' };
  const device = await openDevice(services, { ...config, timeoutSeconds: timeoutOf(policy, config.timeoutSeconds) });
  if (typeof device === 'string') return { host, answered: false, detail: short(device) };
  const { power, detail } = await device.readPower();
  return { host, answered: power !== 'unknown', detail: short(detail) };
}

const timeoutOf = ({ observer }: Policy, ofDevice: number): number => Math.min(observer.deviceTimeoutSeconds, ofDevice);
const short = (text: string): string => text.slice(0, DETAIL_CHARS);
