import type { Format, Schema } from './json-schema.ts';
import { within } from './schemas.ts';

/** The bodies of requests about segments and hosts, as `masakari/api/openstack/ha/schemas/` has them. */

/** Neither control characters nor other kinds of blank; no blank at either end. */
const NAME = /^(?![\p{C}\p{Z}])[^\p{C}\p{Zl}\p{Zp}]*(?<![\p{C}\p{Z}])$/u;
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

const nameFormat: Format = {
  name: 'name',
  isValid: (text) => NAME.test(text),
  message:
    "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
};
const descriptionFormat: Format = {
  name: 'description',
  isValid: (text) => text.split('\n').every((line) => PRINTABLE.test(line)),
};

const name: Schema = { type: 'string', minLength: 1, maxLength: 255, format: nameFormat };
const description: Schema = { type: ['string', 'null'], maxLength: 65_535, format: descriptionFormat };
const WORDS_FOR_YES = ['True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes'];
const WORDS_FOR_NO = ['False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no'];
const boolean: Schema = { type: ['boolean', 'string'], enum: [true, ...WORDS_FOR_YES, false, ...WORDS_FOR_NO] };

/** Of a value that the schema has let through. */
export const isTrue = (value: unknown): boolean => value === true || WORDS_FOR_YES.includes(String(value));

const segmentKeys = {
  name,
  description,
  recovery_method: { type: 'string', enum: ['auto', 'reserved_host', 'auto_priority', 'rh_priority'] },
  service_type: name,
} satisfies Record<string, Schema>;
const hostKeys = {
  name,
  type: { type: ['string', 'null'], maxLength: 255, pattern: /^[a-zA-Z0-9]*$/ },
  control_attributes: description,
  reserved: boolean,
  on_maintenance: boolean,
} satisfies Record<string, Schema>;

/** @param minor `enabled` came with microversion 1.2 */
const segmentProperties = (minor: number) => (minor >= 2 ? { ...segmentKeys, enabled: boolean } : segmentKeys);

export const createSegment = (minor: number): Schema =>
  within('segment', {
    type: 'object',
    properties: segmentProperties(minor),
    additionalProperties: false,
    required: ['name', 'recovery_method', 'service_type'],
  });
export const updateSegment = (minor: number): Schema => within('segment', atLeastOneOf(segmentProperties(minor)));
export const createHost: Schema = within('host', {
  type: 'object',
  properties: hostKeys,
  additionalProperties: false,
  required: ['name', 'type', 'control_attributes'],
});
export const updateHost: Schema = within('host', atLeastOneOf(hostKeys));

function atLeastOneOf(properties: Readonly<Record<string, Schema>>): Schema {
  const anyOf = Object.keys(properties).map((key) => ({ required: [key] }));
  return { type: 'object', properties, additionalProperties: false, anyOf };
}
