import * as z from 'zod';

/**
 * What operators tell salvor, by the commands of the same names. Unknown keys are refused here, so that
 * a misspelt `segment` does not arm everything.
 */
const text = (max: number) => z.string().trim().min(1).max(max);

const said = {
  version: z.literal(1),
  /** Tells a repeat. */
  id: z.uuid(),
  /** RFC 3339, by the operator's clock. */
  time: z.iso.datetime({ offset: true }),
  /** Who: for the audit. Whoever may send to the queue is believed. */
  by: text(255),
  reason: text(1024),
};
/** Of the whole cloud when no segment is named. */
const where = { segment: text(63).optional() };
/** The incident that the operator has seen: a later one of the same host is another matter. */
const which = { hostKey: z.string().min(1).max(600), incidentId: z.uuid() };

/** No power-off, no force-down and no new evacuation until it is armed again, or for so many seconds. */
export const disarm = z.strictObject({
  type: z.literal('disarm'),
  ...said,
  ...where,
  forSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .optional(),
});
export const arm = z.strictObject({ type: z.literal('arm'), ...said, ...where });
/** Let a held host go on although these gates are closed; or a stopped one, whose contradiction a person has looked into. */
export const release = z.strictObject({
  type: z.literal('release'),
  ...said,
  ...which,
  gates: z.array(text(63)).max(50),
});
/** Close an incident whose host salvor has not powered off, or that is stopped. */
export const dismiss = z.strictObject({ type: z.literal('dismiss'), ...said, ...which });
/** A person has seen that the host is off, whose fence devices do not answer. A second one may have to confirm it. */
export const confirmOff = z.strictObject({
  type: z.literal('confirm-off'),
  ...said,
  ...which,
  /** Of the machine on which the command was given, as the kernel has it: `uid 1000`. At one site only. */
  login: text(255).optional(),
});

/** A host, whatever it is going through: what becomes of it depends on how it is when the command is obeyed. */
const host = { hostKey: which.hostKey };
/** Give back a host that salvor has forced down, as soon as it is well: whatever keeps it from coming back by itself. */
export const giveBack = z.strictObject({ type: z.literal('return'), ...said, ...host });
/** Disable a host for planned work, and live-migrate its instances away first where that is asked for. */
export const maintenanceOn = z.strictObject({
  type: z.literal('maintenance-on'),
  ...said,
  ...host,
  drain: z.boolean(),
  forSeconds: disarm.shape.forSeconds,
});
/** The work is over: the host is enabled again as soon as it is well, if salvor has disabled it. */
export const maintenanceOff = z.strictObject({ type: z.literal('maintenance-off'), ...said, ...host });

export const operatorCommand = z.discriminatedUnion('type', [
  disarm,
  arm,
  release,
  dismiss,
  confirmOff,
  giveBack,
  maintenanceOn,
  maintenanceOff,
]);

/**
 * What a reporter said and a dead-letter queue held, to be judged as the word of who sent it then: whoever sends it to the
 * queue `host-events` again would be its reporter.
 */
export const hearAgain = z.strictObject({
  type: z.literal('hear-again'),
  version: z.literal(1),
  /** `SenderId`, as SQS knew the one who had sent it; none where SQS tells none. */
  senderId: text(256).optional(),
  /** The message's body. */
  body: z.string().min(1).max(262_144),
});
export type HearAgain = z.infer<typeof hearAgain>;

/** All that the queue `operator-commands` takes. */
export const operatorMessage = z.discriminatedUnion('type', [...operatorCommand.options, hearAgain]);

export type OperatorCommand = z.infer<typeof operatorCommand>;
