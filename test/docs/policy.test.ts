/** docs/policy.md names every key of the policy with its default and its limits, and no other key. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { policySchema } from '#shared/domain/policy.ts';
import { codeBlocksOf, listOf, readPage, type TableRow, tablesOf } from './markdown.ts';

const page = readPage('docs/policy.md');
const tables = tablesOf(page);
const [whole = [], segment = [], singles = []] = tables;
const reporter = tables.find((rows) => rows.some(({ key }) => key === 'hostTokens')) ?? [];
/** The table of a driver is told by what it says of the key `driver`. */
const tableOf = (driver: string) =>
  tables.find((rows) => rows.some(({ key, limits }) => key === 'driver' && limits === driver)) ?? [];

/** As much of JSON Schema as the policy's has. */
const schemaNode = z.looseObject({
  type: z.string().optional(),
  get properties() {
    return z.record(z.string(), schemaNode).optional();
  },
  get anyOf() {
    return z.array(schemaNode).optional();
  },
  get oneOf() {
    return z.array(schemaNode).optional();
  },
  get items() {
    return schemaNode.optional();
  },
  get additionalProperties() {
    return z.union([schemaNode, z.boolean()]).optional();
  },
  enum: z.array(z.union([z.string(), z.number()])).optional(),
  const: z.union([z.string(), z.number()]).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
});
type SchemaNode = z.infer<typeof schemaNode>;

const schema = schemaNode.parse(z.toJSONSchema(policySchema, { io: 'input' }));
const segmentSchema = child(child(schema, 'segments'), 'items');
const reporterSchema = child(child(schema, 'reporters'), 'additionalProperties');
const drivers = new Map(
  driverSchemas(child(child(schema, 'fenceDevices'), 'additionalProperties')).map((node) => [
    String(child(node, 'driver').const),
    node,
  ]),
);

/** A policy in which nothing is said that has a default. */
const bare = policySchema.parse({
  version: 1,
  segments: [{ name: 'given', hosts: { names: ['given'] }, instanceRecovery: {}, processRecovery: {} }],
  reporters: { given: { awsPrincipals: ['AROAEXAMPLEID'] } },
  fenceDevices: {
    redfish: { driver: 'redfish', url: 'https://given', credentials: 'given' },
    ipmi: { driver: 'ipmi', address: 'given', credentials: 'given' },
    ironic: { driver: 'ironic' },
    metal3: { driver: 'metal3', url: 'https://given', namespace: 'given', credentials: 'given' },
    webhook: { driver: 'webhook', url: 'https://given', credentials: 'given' },
    agent: { driver: 'agent', agent: 'fence_given', parameters: {}, credentials: 'given' },
  },
  masakari: {},
});

const PARTS = [
  { what: 'the whole', rows: whole, node: schema, defaults: bare as unknown },
  { what: 'a segment', rows: [...segment, ...singles], node: segmentSchema, defaults: bare.segments[0] as unknown },
  ...[...drivers].map(([driver, node]) => ({
    what: `a fence device by ${driver}`,
    rows: tableOf(driver),
    node,
    defaults: bare.fenceDevices[driver] as unknown,
  })),
  { what: 'a reporter', rows: reporter, node: reporterSchema, defaults: bare.reporters?.given as unknown },
] as const;

describe.each(PARTS)('$what', ({ rows, node, defaults }) => {
  const leaves = new Map(leavesOf(node));

  it('has a row for each key, and no other', () => {
    expect(rows.map(({ key }) => key).sort()).toEqual([...leaves.keys()].sort());
  });

  it.each(rows.map((row) => [row.key ?? '', row] as const))('%s', (key, row) => {
    const leaf = leaves.get(key) ?? {};
    expect({ key, default: row.default }).toEqual({ key, default: defaultOf(defaults, key) });
    expect({ key, limits: row.limits }).toEqual({ key, limits: limitsOf(leaf) ?? row.limits });
  });
});

it.each(codeBlocksOf(page).filter(({ marks }) => marks.includes('policy')))(
  'its example is a policy: %#',
  ({ text }) => {
    expect(policySchema.safeParse(parse(text)).error).toBeUndefined();
  },
);

it('says of segmentDefaults that it is a segment without three keys', () => {
  const template = child(child(schema, 'masakari'), 'segmentDefaults');
  const keys = Object.keys(segmentSchema.properties ?? {}).filter((key) => !['name', 'hosts', 'except'].includes(key));
  expect(Object.keys(template.properties ?? {})).toEqual(keys);
});

it('has a careful and a fast example', () => {
  const graces = codeBlocksOf(page)
    .filter(({ marks }) => marks.includes('policy'))
    .map(({ text }) => policySchema.parse(parse(text)).segments[0]?.graceSeconds);
  expect([...new Set(graces)]).toEqual([180, 20]);
});

it('lists what a key may be as the schema does', () => {
  const enums = [...leavesOf(segmentSchema)].flatMap(([key, leaf]) =>
    leaf.enum === undefined ? [] : [[key, leaf.enum]],
  );
  expect(enums.length).toBeGreaterThan(3);
  const said = new Map([...segment, ...singles].map((row): [string, TableRow] => [row.key ?? '', row]));
  for (const [key, values] of enums) expect(listOf(said.get(String(key))?.limits ?? '')).toEqual(values);
});

/** Of the single devices; a topology consists of them. */
function driverSchemas(node: SchemaNode): readonly SchemaNode[] {
  if (node.properties?.driver !== undefined) return [node];
  return [...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(driverSchemas);
}

function child(node: SchemaNode, name: string): SchemaNode {
  const found = node.properties?.[name] ?? node[name];
  const parsed = schemaNode.safeParse(found);
  if (!parsed.success) throw new Error(`the policy's schema has no ${name}`);
  return parsed.data;
}

/** The keys that hold a value, by their paths. What is in a list or a map, and a template of it, is a part of its own. */
function* leavesOf(node: SchemaNode, path = ''): Generator<readonly [string, SchemaNode]> {
  for (const one of node.anyOf ?? []) yield* leavesOf(one, path);
  for (const [name, inner] of Object.entries(node.properties ?? {})) {
    const key = path === '' ? name : `${path}.${name}`;
    if (name === 'segmentDefaults' || (inner.properties === undefined && inner.anyOf === undefined)) yield [key, inner];
    else yield* leavesOf(inner, key);
  }
}

/** As the page writes it. What `bare` had to give, and so has no default, is told by its value. */
function defaultOf(defaults: unknown, key: string): string {
  if (key.startsWith('hosts.')) return 'one of three';
  const value = key
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], defaults);
  const given = [
    'version',
    'segments',
    'fenceDevices',
    'name',
    'driver',
    'agent',
    'parameters',
    'url',
    'address',
    'namespace',
    'credentials',
  ].includes(key);
  const optional = ['reporters', 'awsPrincipals'].includes(key);
  if (value === undefined || optional || String(value) === '') return 'none';
  if (key === 'instances.exclude') return 'amphorae';
  return given ? 'required' : String(value);
}

/** As the page writes them; undefined for texts and booleans, which have no limit to be held to. */
function limitsOf(leaf: SchemaNode): string | undefined {
  const [least, most] = [leaf.minimum ?? leaf.minItems, leaf.maximum ?? leaf.maxItems];
  if (leaf.const !== undefined) return String(leaf.const);
  if (leaf.enum !== undefined) return leaf.enum.join(', ');
  if (leaf.exclusiveMinimum !== undefined) return `more than ${leaf.exclusiveMinimum}, up to ${most}`;
  if (least === undefined) return undefined;
  return most === undefined || most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
}
