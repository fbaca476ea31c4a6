import * as z from 'zod';
import type { Redact } from '#shared/http/redact.ts';
import type { PowerReading } from '#shared/ports.ts';
import { jsonOf, type Untimed } from '../answers.ts';

/** Bare Metal API v1, "Nodes". `fault` came with 1.42, `conductor` with 1.49 (Stein). */
export const MICROVERSION = '1.49';

/** `/states` would tell the power too, but neither the UUID nor who looks after the node. */
export const FIELDS = [
  'uuid',
  'power_state',
  'target_power_state',
  'last_error',
  'maintenance',
  'maintenance_reason',
  'fault',
  'provision_state',
  'conductor',
].join(',');

export const nodeSchema = z.looseObject({
  uuid: z.string(),
  power_state: z.string().nullable(),
  target_power_state: z.string().nullable(),
  last_error: z.string().nullable(),
  maintenance: z.boolean(),
  maintenance_reason: z.string().nullish(),
  fault: z.string().nullish(),
  provision_state: z.string().nullish(),
  conductor: z.string().nullish(),
});

export type Node = z.infer<typeof nodeSchema>;

/** Targets on the way to which the machine has power, or will have it. */
const ON_THE_WAY_UP = ['power on', 'rebooting', 'soft rebooting'];

/** What Ironic last failed at, if that was the power: other errors (cleaning, inspection) say nothing of it. */
export const powerError = ({ last_error: error }: Node): string | undefined =>
  error !== null && /power/i.test(error) ? error : undefined;

/** Provision states in which a conductor leaves a node alone (`SYNC_EXCLUDED_STATES` of its manager). */
const LEFT_ALONE = ['enroll', 'adopt failed', 'wait call-back', 'clean wait'];

/** Why Ironic's record of the node's power is not kept up to date; undefined when it is. */
export function neglectOf(node: Node): string | undefined {
  const { maintenance, maintenance_reason: reason, fault, provision_state: provision } = node;
  const why = reason || fault;
  const state = maintenance
    ? `it is in maintenance${why ? ` (${why})` : ''}`
    : provision != null && LEFT_ALONE.includes(provision)
      ? `its provision state is ${provision}`
      : undefined;
  return state && `Ironic does not look after the node: ${state}`;
}

/**
 * Ironic answers from its database. That is as good as a reading only while somebody compares it with the machine: each
 * node's conductor does so every minute (`sync_power_state_interval`), but not for a node in maintenance or not yet managed,
 * and nobody does when no conductor is alive. A machine that was switched on past Ironic is found sooner than it has booted. The redfish
 * interface counts a system that is powering off as off; after the hard power-off of this driver that is a moment.
 */
export function powerOf(node: Node): Pick<Untimed<PowerReading>, 'power' | 'detail'> {
  const { power_state: state, target_power_state: target } = node;
  const said = `power_state ${state ?? 'none'}`;
  const neglect = neglectOf(node);
  if (neglect !== undefined) return { power: 'unknown', detail: `${said}, but ${neglect}` };
  if (node.conductor == null) return { power: 'unknown', detail: `${said}, but no conductor looks after the node` };
  if (target !== null) {
    const power = state === 'power on' || ON_THE_WAY_UP.includes(target) ? 'on' : 'unknown';
    return { power, detail: `${said}, on its way to ${target}` };
  }
  const error = powerError(node);
  // The power-off that failed may have been the one that was to tell; the next one, if it ends well, does.
  if (state === 'power off' && error !== undefined)
    return { power: 'on', detail: `${said}, not believed before a power-off ends well: ${error}` };
  const power = state === 'power on' ? 'on' : state === 'power off' ? 'off' : 'unknown';
  return { power, detail: error === undefined ? said : `${said}: ${error}` };
}

const errorSchema = z.union([
  z.looseObject({ faultstring: z.string() }).transform(({ faultstring }) => faultstring),
  z.looseObject({ description: z.string() }).transform(({ description }) => description),
  z.looseObject({ message: z.string() }).transform(({ message }) => message),
]);
const bodySchema = z.union([
  z
    .looseObject({ error_message: z.union([z.string().transform(jsonOf), z.unknown()]).pipe(errorSchema) })
    .transform(({ error_message }) => error_message),
  z.looseObject({ error: errorSchema }).transform(({ error }) => error),
]);

/** The reason that Ironic gives: `error_message` holds JSON as text, or as an object; the login before it says `error`. */
export const messageOf = (body: string, redact: Redact): string =>
  redact(bodySchema.safeParse(jsonOf(body)).data ?? body) || '(no reason given)';
