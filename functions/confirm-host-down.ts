import type { StepCommand } from '#events/commands.ts';
import { decideConfirmation, holdForOutage } from '#shared/domain/confirm.ts';
import type { Rules } from '#shared/domain/gates/gate.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { guardWrites } from '#shared/shell/guard-writes.ts';
import { orOutage, readGates, readLive, segmentOf } from '#shared/shell/live.ts';
import { commitHost, takeStep } from '#shared/shell/step.ts';

/**
 * The grace period of a suspected host is over, or a held one is due for another look: ask every gate, and
 * confirm the host, hold it, or stand down. A confirmation takes its tickets in the same transaction (S5).
 */
export const confirmHostDown = eachMessage<StepCommand>('confirm-host-down', (services, delivery) =>
  takeStep(delivery, services, ['suspected', 'held'], async (loaded) => {
    const { incident } = loaded.value;
    const segment = segmentOf(services, incident.segment);
    const live = await orOutage(readLive(services, loaded.value, segment));
    const nowMs = services.clock.now();
    if ('outage' in live) {
      const facts = [holdForOutage(incident, live.outage, nowMs)];
      return commitHost(services, loaded, { facts, basis: { by: 'gates', atMs: nowMs } });
    }
    const reading = await readGates(services, loaded.value, segment, live.value);
    const rules: Rules = { policy: services.policy, segment };
    const facts = decideConfirmation(incident, reading.evidence, rules);
    const basis = { by: 'gates', atMs: reading.evidence.atMs } as const;
    return commitHost(services, loaded, { facts, basis, writes: guardWrites(facts, reading, rules, incident.id) });
  }),
);

export const handler = lambdaHandler(confirmHostDown);
