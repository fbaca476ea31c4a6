import type { Format, Schema } from './json-schema.ts';
import { parseTime } from './times.ts';

/** The bodies of notifications, as `masakari/api/openstack/ha/schemas/` has them. */

/** Shown in parentheses: Masakari has these as tuples. */
const tuple = <T extends string>(...values: readonly T[]): readonly T[] => Object.freeze(values);

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const dateTime: Format = { name: 'date-time', isValid: (text) => parseTime(text) !== undefined };
const uuid: Format = { name: 'uuid', isValid: (text) => UUID.test(text) };
const event: Schema = { type: 'string', enum: tuple('STARTED', 'STOPPED') };
const freeText: Schema = { type: 'string', minLength: 1, maxLength: 255 };

export const createNotification: Schema = within('notification', {
  type: 'object',
  properties: {
    type: { type: 'string', enum: tuple('COMPUTE_HOST', 'VM', 'PROCESS') },
    hostname: { type: 'string', minLength: 1, maxLength: 255, pattern: /^[a-zA-Z0-9-._]*$/ },
    generated_time: { type: 'string', format: dateTime },
    payload: {
      type: 'object',
      patternProperties: [[/^[a-zA-Z0-9-_:. ]{1,255}$/, { type: 'string', maxLength: 255 }]],
      additionalProperties: false,
    },
  },
  required: ['type', 'hostname', 'generated_time', 'payload'],
  additionalProperties: false,
});

/** Of the payload alone, by the notification's type. */
export const payloads: Readonly<Record<'COMPUTE_HOST' | 'VM' | 'PROCESS', Schema>> = {
  COMPUTE_HOST: {
    type: 'object',
    properties: {
      host_status: { type: 'string', enum: tuple('NORMAL', 'UNKNOWN') },
      cluster_status: { type: 'string', enum: tuple('ONLINE', 'OFFLINE') },
      event,
    },
    required: ['event'],
    additionalProperties: false,
  },
  PROCESS: {
    type: 'object',
    properties: { process_name: { type: 'string', minLength: 1, maxLength: 4096 }, event },
    required: ['process_name', 'event'],
    additionalProperties: false,
  },
  VM: {
    type: 'object',
    properties: { instance_uuid: { type: 'string', format: uuid }, vir_domain_event: freeText, event: freeText },
    required: ['instance_uuid', 'vir_domain_event', 'event'],
    additionalProperties: false,
  },
};

export function within(key: string, inner: Schema): Schema {
  return { type: 'object', properties: { [key]: inner }, required: [key], additionalProperties: false };
}
