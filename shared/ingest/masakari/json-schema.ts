import { badRequest } from './faults.ts';
import { inPython } from './python.ts';

/**
 * As much of JSON Schema (Draft 4) as Masakari's API has, with the messages of its validator, which people read: the
 * first fault in the order of the schema's keys, as Python's jsonschema finds it.
 */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: readonly (readonly [RegExp, Schema])[];
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: false;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: RegExp;
  readonly format?: Format;
}

export interface Format {
  readonly name: string;
  readonly isValid: (text: string) => boolean;
  /** In place of the ordinary message. */
  readonly message?: string;
}

type Found = { readonly at: string | undefined; readonly value: unknown; readonly message: string; plain?: true };

/** @throws Fault 400 with the first fault, in Masakari's words. */
export function check(schema: Schema, value: unknown): void {
  const found = faultOf(schema, value, undefined);
  if (found === undefined) return;
  const { at, message, plain } = found;
  if (at === undefined || plain === true) throw badRequest(message);
  const shown = typeof found.value === 'string' ? found.value : inPython(found.value);
  throw badRequest(`Invalid input for field/attribute ${at}. Value: ${shown}. ${message}`);
}

function faultOf(schema: Schema, value: unknown, at: string | undefined): Found | undefined {
  const message = ownFault(schema, value);
  if (message !== undefined) return { at, value, message };
  if (typeof value === 'string' && schema.format !== undefined && !schema.format.isValid(value)) {
    const { name, message: own } = schema.format;
    return own === undefined
      ? { at, value, message: `${inPython(value)} is not a '${name}'` }
      : { at, value, message: own, plain: true };
  }
  return isObject(value) ? faultInside(schema, value, at) : undefined;
}

/** Of the value by itself. */
function ownFault(schema: Schema, value: unknown): string | undefined {
  const shown = () => inPython(value);
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.length > 0 && !types.includes(typeOf(value)))
    return `${shown()} is not of type ${types.map(inPython).join(', ')}`;
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return `${shown()} is not one of ${inPython(schema.enum)}`;
  if (typeof value !== 'string') return undefined;
  const length = [...value].length;
  if (length < (schema.minLength ?? 0))
    return schema.minLength === 1 ? `${shown()} should be non-empty` : `${shown()} is too short`;
  if (length > (schema.maxLength ?? Number.POSITIVE_INFINITY)) return `${shown()} is too long`;
  if (schema.pattern !== undefined && !schema.pattern.test(value))
    return `${shown()} does not match ${inPython(schema.pattern.source)}`;
  return undefined;
}

function faultInside(schema: Schema, value: object, at: string | undefined): Found | undefined {
  const { properties = {}, patternProperties = [] } = schema;
  for (const [name, inner] of Object.entries(properties)) {
    const found = Object.hasOwn(value, name) ? faultOf(inner, Reflect.get(value, name), name) : undefined;
    if (found !== undefined) return found;
  }
  for (const [pattern, inner] of patternProperties)
    for (const [name, each] of Object.entries(value)) {
      const found = pattern.test(name) ? faultOf(inner, each, name) : undefined;
      if (found !== undefined) return found;
    }
  for (const key of Object.keys(schema)) {
    const message = faultBy(key, schema, value);
    if (message !== undefined) return { at, value, message };
  }
  return undefined;
}

/** Of the rules for an object as a whole. */
function faultBy(rule: string, schema: Schema, value: object): string | undefined {
  if (rule === 'required') {
    const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
    return missing && `${inPython(missing)} is a required property`;
  }
  if (rule === 'anyOf') {
    const isNone = schema.anyOf?.every((each) => faultOf(each, value, undefined) !== undefined);
    return isNone === true ? `${inPython(value)} is not valid under any of the given schemas` : undefined;
  }
  return rule === 'additionalProperties' ? tooMany(schema, value) : undefined;
}

function tooMany({ properties = {}, patternProperties }: Schema, value: object): string | undefined {
  const extra = Object.keys(value)
    .filter((name) => !Object.hasOwn(properties, name) && !patternProperties?.some(([pattern]) => pattern.test(name)))
    .map(inPython);
  if (extra.length === 0) return undefined;
  if (patternProperties !== undefined) {
    const verb = extra.length === 1 ? 'does' : 'do';
    const patterns = patternProperties.map(([{ source }]) => inPython(source)).join(', ');
    return `${extra.join(', ')} ${verb} not match any of the regexes: ${patterns}`;
  }
  const verb = extra.length === 1 ? 'was' : 'were';
  return `Additional properties are not allowed (${extra.join(', ')} ${verb} unexpected)`;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}
