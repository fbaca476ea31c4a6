import type { StepCommand } from '#events/commands.ts';
import { decideConfirmation, holdForOutage, waitsForProbes } from '#shared/domain/confirm.ts';
import type { Rules } from '#shared/domain/gates/gate.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { guardWrites } from '#shared/shell/guard-writes.ts';
import { readForGates, segmentOf } from '#shared/shell/live.ts';
import { probe } from '#shared/shell/probe.ts';
import { commitHost, takeStep } from '#shared/shell/step.ts';

/**
 * The grace period of a suspected host is over, or a held one is due for another look: ask every gate, and
 * confirm the host, hold it, or stand down. A confirmation takes its tickets in the same transaction (S5).
 */
export const confirmHostDown = eachMessage<StepCommand>('confirm-host-down', (services, delivery) =>
  takeStep(delivery, services, ['suspected', 'held'], async (loaded) => {
    const { incident } = loaded.value;
    const rules: Rules = { policy: services.policy, segment: segmentOf(services, incident.segment) };
    const read = () => readForGates(services, loaded.value, rules.segment);
    const hold = (outage: string) => {
      const nowMs = services.clock.now();
      const facts = [holdForOutage(incident, outage, nowMs)];
      return commitHost(services, loaded, { facts, basis: { by: 'gates', atMs: nowMs } });
    };

    const first = await read();
    if ('outage' in first) return hold(first.outage);
    let { reading } = first;
    if (waitsForProbes(incident, reading.evidence, rules)) {
      const probes = await probe(services, loaded.value, reading);
      // To try takes seconds: what is decided on, and the time of the ticket, are of after it (S2, S5).
      const second = await read();
      if ('outage' in second) return hold(second.outage);
      reading = { ...second.reading, evidence: { ...second.reading.evidence, probes } };
    }
    const facts = decideConfirmation(incident, reading.evidence, rules);
    const basis = { by: 'gates', atMs: reading.evidence.atMs } as const;
    return commitHost(services, loaded, { facts, basis, writes: guardWrites(facts, reading, rules, incident.id) });
  }),
);

export const handler = lambdaHandler(confirmHostDown);
