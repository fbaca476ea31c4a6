import type { Release } from '../incident.ts';
import { failureDomainGate } from './domains.ts';
import { dumpGate } from './dump.ts';
import type { Evidence } from './evidence.ts';
import { type GateResult, isShut, type Rules } from './gate.ts';
import { armedGate, fenceDeviceGate, inServiceGate, notStoppedGate, protectedGate } from './of-host.ts';
import { dependenciesGate, observerGate } from './probes.ts';
import { withRelease } from './release.ts';
import { settlingGate } from './settling.ts';
import { healthyHostsGate, stormGate, stormGates } from './storm.ts';
import { cliffGate, novaGate, reportersGate } from './witnesses.ts';

/**
 * Every gate, in the order in which people ask; all are asked, so that the record is complete. But for those that
 * cost the cloud something: they come last, and only when every other is open. An operator's release of the incident is
 * taken into account.
 */
export function askGates(evidence: Evidence, rules: Rules, release: Release | null = null): readonly GateResult[] {
  const answers = withRelease(askWithoutProbes(evidence, rules), release, evidence.atMs);
  if (evidence.probes === null && answers.some(isShut)) return answers;
  const tried = [observerGate(evidence, rules), dependenciesGate(evidence, rules)];
  return [...answers, ...withRelease(tried, release, evidence.atMs)];
}

/** Whether what is tried out could still open the way. */
export const needsProbes = (evidence: Evidence, rules: Rules, release: Release | null): boolean =>
  evidence.probes === null && !withRelease(askWithoutProbes(evidence, rules), release, evidence.atMs).some(isShut);

function askWithoutProbes(evidence: Evidence, rules: Rules): readonly GateResult[] {
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
 * touched at all.
 */
export const askHostGates = (evidence: Evidence, rules: Rules): readonly GateResult[] => [
  protectedGate(evidence, rules),
  inServiceGate(evidence),
  notStoppedGate(evidence),
  armedGate(evidence),
  fenceDeviceGate(evidence, rules),
  // Of most hosts nobody ever says it.
  ...(evidence.dumping === undefined ? [] : [dumpGate(evidence.dumping, evidence, rules)]),
  settlingGate(evidence, rules),
  novaGate(evidence, rules),
];

/**
 * The gates that count other hosts, for a power-off that comes long after its confirmation because the device was out of
 * reach: what looked like one dead host then may have become a partition since. Neither rate nor cool-down are among
 * them, which space out decisions; nor the reporters, whose claims stay good until somebody sees the host up.
 */
export const askCountingGates = (evidence: Evidence, rules: Rules): readonly GateResult[] => [
  cliffGate(evidence, rules),
  stormGate('segment', evidence.ofSegment, rules.segment.storm, evidence.atMs),
  stormGate('global', evidence.ofAll, rules.policy.global.storm, evidence.atMs),
  failureDomainGate(evidence, rules),
  healthyHostsGate(evidence, rules),
];
