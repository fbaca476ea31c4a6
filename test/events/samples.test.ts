/** The golden events are what the contract says, and what is not is refused with the name of the field. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { queueOf } from '#events/catalog.ts';
import { type HostEvent, type HostEventType, hostEvent } from '#events/host-event.ts';

const FOLDER = new URL('../../events/samples/', import.meta.url);
const samples = new Map(
  readdirSync(FOLDER).map((file): [string, unknown] => [file, JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))]),
);
const sample = (file: string): HostEvent => hostEvent.parse(samples.get(file));

/** A type that is added does not compile until it is here, and then wants its sample. */
const FILES: Readonly<Record<HostEventType, string>> = {
  'host.down': 'host-down.json',
  'host.up': 'host-up.json',
  'host.heartbeat': 'host-heartbeat.json',
  'host.dumping': 'host-dumping.json',
  'instance.down': 'instance-down.json',
  'process.down': 'process-down.json',
  'process.up': 'process-up.json',
};

describe('the samples', () => {
  it('are one for each type of event, and no other', () => {
    expect([...samples.keys()].sort()).toEqual(Object.values(FILES).sort());
  });

  it.each(Object.entries(FILES))('%s parses, and nothing of it is lost', (type, file) => {
    const parsed = sample(file);
    expect(parsed.type).toBe(type);
    expect(parsed).toMatchObject(samples.get(file) as object);
    expect(queueOf(parsed)).toBe('host-events');
  });

  it.each(Object.values(FILES))('%s is accepted by the published JSON Schema', (file) => {
    expect(z.fromJSONSchema(publishedSchema()).safeParse(samples.get(file)).error).toBeUndefined();
  });
});

interface Wrong {
  readonly what: string;
  readonly change: object;
  /** The path of the field, as the message must name it. */
  readonly field: string;
}

const WRONG: readonly Wrong[] = [
  { what: 'another version of CloudEvents', change: { specversion: '0.3' }, field: 'specversion' },
  { what: 'no id', change: { id: '' }, field: 'id' },
  { what: 'no source', change: { source: undefined }, field: 'source' },
  { what: 'a source that is too long', change: { source: 's'.repeat(513) }, field: 'source' },
  { what: 'an unknown type', change: { type: 'host.exploded' }, field: 'type' },
  { what: 'a time without an offset', change: { time: '2026-11-21T03:12:07' }, field: 'time' },
  { what: 'a time in seconds', change: { time: 1795230727 }, field: 'time' },
  { what: 'data of another form', change: { datacontenttype: 'text/xml' }, field: 'datacontenttype' },
  { what: 'no data', change: { data: undefined }, field: 'data' },
  { what: 'no host', change: { data: {} }, field: 'data.host' },
  { what: 'a host that is no text', change: { data: { host: 7 } }, field: 'data.host' },
  { what: 'a newer schema', change: { data: { host: 'compute-7', schemaVersion: 2 } }, field: 'data.schemaVersion' },
  { what: 'a reason without end', change: { data: { host: 'h', reason: 'r'.repeat(1025) } }, field: 'data.reason' },
];

describe('what is wrong is refused, and the message names the field', () => {
  it.each(WRONG)('$what: $field', ({ change, field }) => {
    expect(fieldsRefused({ ...sample('host-down.json'), ...change })).toEqual([field]);
  });

  it('an instance that is no UUID, and a process without a name', () => {
    const instance = { ...sample('instance-down.json'), data: { host: 'compute-3', instanceId: 'web-1' } };
    expect(fieldsRefused(instance)).toEqual(['data.instanceId']);
    const process = { ...sample('process-down.json'), data: { host: 'compute-3', process: '' } };
    expect(fieldsRefused(process)).toEqual(['data.process']);
  });

  it.each(WRONG)('$what: by the published JSON Schema as well', ({ change }) => {
    const body: unknown = JSON.parse(JSON.stringify({ ...sample('host-down.json'), ...change }));
    expect(z.fromJSONSchema(publishedSchema()).safeParse(body).success).toBe(false);
  });
});

it('lets extension attributes of CloudEvents pass', () => {
  const extended = {
    ...sample('host-down.json'),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  expect(hostEvent.safeParse(extended).success).toBe(true);
  expect(z.fromJSONSchema(publishedSchema()).safeParse(extended).success).toBe(true);
});

const publishedSchema = () => z.toJSONSchema(hostEvent, { io: 'input' });

function fieldsRefused(body: unknown): readonly string[] {
  const { error } = hostEvent.safeParse(body);
  const text = error === undefined ? '' : z.prettifyError(error);
  return [...text.matchAll(/→ at (\S+)/g)].map(([, field]) => field ?? '');
}
