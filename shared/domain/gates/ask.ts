import { failureDomainGate } from './domains.ts';
import type { Evidence } from './evidence.ts';
import type { GateResult, Rules } from './gate.ts';
import { armedGate, fenceDeviceGate, inServiceGate, notStoppedGate, protectedGate } from './of-host.ts';
import { healthyHostsGate, stormGates } from './storm.ts';
import { cliffGate, novaGate, reportersGate } from './witnesses.ts';

/** Every gate, in the order in which people ask; all are asked, so that the record is complete. */
export function askGates(evidence: Evidence, rules: Rules): readonly GateResult[] {
  const { ofSegment, ofAll, atMs } = evidence;
  const { segment, policy } = rules;
  return [
    ...askHostGates(evidence, rules),
    reportersGate(evidence, rules),
    cliffGate(evidence, rules),
    ...stormGates('segment', ofSegment, segment.storm, atMs),
    ...stormGates('global', ofAll, policy.global.storm, atMs),
    failureDomainGate(evidence, rules),
    healthyHostsGate(evidence, rules),
  ];
}

/**
 * The gates that are asked again at the last moment before each power-off: those that tell whether this host may be
 * touched at all. The others guard against a wrong decision, and a decision is made once, at the confirmation.
 */
export const askHostGates = (evidence: Evidence, rules: Rules): readonly GateResult[] => [
  protectedGate(evidence, rules),
  inServiceGate(evidence),
  notStoppedGate(evidence),
  armedGate(evidence),
  fenceDeviceGate(evidence, rules),
  novaGate(evidence, rules),
];
