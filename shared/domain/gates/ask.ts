import type { Evidence } from './evidence.ts';
import type { GateResult, Rules } from './gate.ts';
import { fenceDeviceGate, inServiceGate, notStoppedGate, protectedGate } from './of-host.ts';
import { healthyHostsGate, stormGate } from './storm.ts';
import { novaGate, reportersGate } from './witnesses.ts';

/** Every gate, in the order in which people ask; all are asked, so that the record is complete. */
export function askGates(evidence: Evidence, rules: Rules): readonly GateResult[] {
  const { ofSegment, ofAll, atMs } = evidence;
  const { segment, policy } = rules;
  return [
    ...askHostGates(evidence, rules),
    reportersGate(evidence, rules),
    stormGate('segment-storm', ofSegment, segment.storm, atMs),
    stormGate('global-storm', ofAll, policy.global.storm, atMs),
    healthyHostsGate(evidence, rules),
  ];
}

/** The gates that are asked again at the last moment before each power-off. */
export const askHostGates = (evidence: Evidence, rules: Rules): readonly GateResult[] => [
  protectedGate(evidence, rules),
  inServiceGate(evidence),
  notStoppedGate(evidence),
  fenceDeviceGate(evidence, rules),
  novaGate(evidence, rules),
];
