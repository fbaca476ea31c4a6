import * as z from 'zod';

/**
 * What salvor asks of a fence worker, a program beside the BMC network that reads a queue of its own; and what that
 * answers. No request holds a secret: `credentials` is a name that the worker knows.
 */

/** Part of the name of the worker's queue. */
export const workerName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'small letters, digits and "-"; 32 at most');

const asked = {
  version: z.literal(1),
  /** Tells a repeat, and which request an answer is for. Nobody else can guess it. */
  id: z.uuid(),
  /** RFC 3339, by the clock of whoever asks: when it was right to ask. */
  time: z.iso.datetime({ offset: true }),
  /** From then on. Nothing is begun later, and what was begun is cut off. */
  validSeconds: z.number().gt(0).max(30),
};

/** The name of a fence agent (ClusterLabs), such as `fence_ipmilan`. */
export const agentName = z.string().regex(/^fence_[a-z0-9_]{1,58}$/, 'fence_ and small letters, digits and "_"');

/** As the agent's metadata names them. */
export const agentParameters = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_.]{0,62}$/, 'a parameter: letters, digits, "_" and "."'),
    z.string().min(1).max(255),
  )
  .refine((parameters) => Object.keys(parameters).length <= 32, 'has more than 32 parameters');

/** The name of a secret, as in the policy. */
export const secretName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);

/** So long a fence agent may run at most. */
export const LONGEST_RUN_SECONDS = 120;

/** Run a fence agent once. */
export const fenceRequest = z.strictObject({
  type: z.literal('fence'),
  ...asked,
  /** Once begun, it is cut off only then. Absent: when it is valid no more. */
  runSeconds: z.number().gt(0).max(LONGEST_RUN_SECONDS).optional(),
  action: z.enum(['status', 'off', 'on']),
  agent: agentName,
  parameters: agentParameters,
  credentials: secretName,
});

/** Start a service of a host again: a step that is cheaper than fencing the host. */
export const restartRequest = z.strictObject({
  type: z.literal('restart-service'),
  ...asked,
  /** Nova's service host name. */
  host: z.string().min(1).max(255),
  service: z.string().min(1).max(255),
});

export const workerRequest = z.discriminatedUnion('type', [fenceRequest, restartRequest]);

/** What became of a request. The first answer to it counts. */
export const workerAnswer = z.strictObject({
  type: z.literal('worker-answer'),
  version: z.literal(1),
  /** Of the request. */
  id: z.uuid(),
  /**
   * `on`, `off`: the power, as read for this request. `accepted`: it was done, as far as the program says. `refused`:
   * nothing was done. `failed`: the program says that it could not. `unknown`: nobody can tell.
   */
  answer: z.enum(['on', 'off', 'accepted', 'refused', 'failed', 'unknown']),
  /** For a person; never a secret. */
  detail: z.string().max(1024),
  /** Of an `unknown`: the device does not take the login. Not said where that is not certain. */
  refused: z.literal('credentials').optional(),
  durationMs: z.int().min(0),
});

export type FenceRequest = z.infer<typeof fenceRequest>;
export type RestartRequest = z.infer<typeof restartRequest>;
export type WorkerRequest = z.infer<typeof workerRequest>;
export type WorkerAnswer = z.infer<typeof workerAnswer>;
