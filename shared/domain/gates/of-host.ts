import type { ComputeService } from '#shared/ports.ts';
import { goodWord } from '../confirm-off.ts';
import { fenceLevelsOf } from '../fence-device.ts';
import { addressOf } from '../policy-devices.ts';
import { isBySalvor } from '../process-recovery/reason.ts';
import type { Evidence } from './evidence.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

export function protectedGate({ segments }: Evidence, { segment }: Rules): GateResult {
  const names = segments.join(', ') || 'none';
  return gate(
    'protected',
    segments.length === 1 && segments[0] === segment.name,
    `segments that hold it now: ${names}; the incident's: ${segment.name}`,
  );
}

export function inServiceGate({ service, host, maintenance }: Evidence): GateResult {
  // Whether or not Nova has been told yet.
  if (maintenance !== undefined) return gate('in-service', false, `it is in maintenance ${maintenance}`);
  if (service === null) return gate('in-service', false, 'Nova knows no nova-compute service of this name');
  if (service.id !== host.serviceId)
    return gate(
      'in-service',
      false,
      `the compute service is ${service.id} now, the report was about ${host.serviceId}`,
    );
  if (service.status === 'enabled') return gate('in-service', true, 'its service is enabled');
  const reason = service.disabledReason ?? 'no reason given';
  return isMaintenance(service)
    ? gate('in-service', false, `its service is disabled in Nova (${reason}): taken as maintenance`)
    : gate(
        'in-service',
        true,
        `its service ${isBySalvor(reason) ? 'was disabled by salvor' : 'has disabled itself'} (${reason}): no maintenance`,
      );
}

/**
 * nova-compute disables its own service when it loses libvirt, with a reason of this form (`DISABLE_PREFIX` of
 * nova/virt/libvirt/driver.py), and never one that an operator has disabled. That is trouble, not maintenance.
 */
const isByItself = (reason: string | null): boolean => reason?.startsWith('AUTO: ') ?? false;

/** An operator has disabled the service: not Nova itself, nor salvor because a process has stopped. */
export const isMaintenance = ({ status, disabledReason }: Pick<ComputeService, 'status' | 'disabledReason'>): boolean =>
  status === 'disabled' && !isByItself(disabledReason) && !isBySalvor(disabledReason);

export const notStoppedGate = ({ stopped }: Evidence): GateResult =>
  gate(
    'segment-not-stopped',
    stopped === null,
    stopped === null ? 'nothing has stopped the segment' : `the segment is stopped: ${stopped}`,
  );

export const armedGate = ({ disarmed }: Evidence): GateResult =>
  gate('armed', disarmed === null, disarmed ?? 'nobody has switched salvor off');

export function fenceDeviceGate(evidence: Evidence, { policy, segment }: Rules): GateResult {
  const devices = fenceLevelsOf(policy, evidence.host.name).flat();
  if (devices.length > 0) return gate('fence-device', true, devices.map(addressOf).join(', '));
  const word = goodWord(evidence.offConfirmed, evidence.claims, segment.fencing, evidence.atMs);
  const none = 'the policy names no fence device for it';
  if (segment.fencing.watchdog !== undefined)
    return gate('fence-device', true, `${none}; its watchdog is waited for, if it has one`);
  return typeof word === 'string'
    ? gate('fence-device', false, `${none}, ${word}`)
    : gate('fence-device', true, `${none}; ${word.by.join(' and ')} confirmed that it is off`);
}
