import type { ServiceHealth } from '#shared/ports.ts';
import { percentOf } from '../guards.ts';
import type { Evidence } from './evidence.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

/** What was tried out for the decision, once every other gate was open: it costs the cloud a dozen requests. */
export interface Probes {
  /** Devices of other hosts of the segment, a sample. */
  readonly devices: readonly { readonly host: string; readonly answered: boolean; readonly detail: string }[];
  readonly services: readonly ServiceHealth[];
}

const NOT_TRIED = 'it was not tried: another gate was closed';

/** Who reaches neither the devices of other hosts nor sees them up is itself cut off. */
export function observerGate({ probes, ofAll }: Evidence, { policy }: Rules): GateResult {
  const { minHostsUpPercent, minDevicesPercent } = policy.observer;
  const others = Math.max(0, ofAll.hosts - 1);
  const up = percentOf(ofAll.upOthers, others);
  const seesHosts = up >= minHostsUpPercent;
  const hosts = `Nova sees ${ofAll.upOthers} of ${others} other hosts up (${up} %, at least ${minHostsUpPercent} %)`;
  if (probes === null) return gate('observer', false, `${hosts}; devices: ${NOT_TRIED}`);
  const answered = probes.devices.filter((device) => device.answered).length;
  const percent = percentOf(answered, probes.devices.length);
  const reaches = percent >= minDevicesPercent;
  const silent = probes.devices.filter((device) => !device.answered).map(({ host, detail }) => `${host}: ${detail}`);
  const devices =
    probes.devices.length === 0
      ? 'no other device to ask'
      : `${answered} of ${probes.devices.length} other devices answer (${percent} %, at least ${minDevicesPercent} %)`;
  const because = [`${hosts}; ${devices}`, ...silent.slice(0, 3)].join('; ');
  return gate('observer', seesHosts && reaches, because);
}

/** An evacuation that fails half way is worse than one that comes later. */
export function dependenciesGate({ probes }: Evidence, { policy }: Rules): GateResult {
  if (probes === null) return gate('dependencies', false, NOT_TRIED);
  const ignored = new Set<string>(policy.dependencies.ignore);
  const asked = probes.services.filter(({ service }) => !ignored.has(service));
  const silent = asked.filter(({ answers }) => !answers);
  const because =
    silent.length === 0
      ? `all ${asked.length} answer: ${asked.map(({ service }) => service).join(', ')}`
      : `${silent.length} of ${asked.length} do not answer: ${silent.map(({ service, detail }) => `${service} (${detail})`).join(', ')}`;
  return gate('dependencies', silent.length === 0, because);
}
