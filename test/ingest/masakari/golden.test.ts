/**
 * Pairs recorded of Masakari 22.0.0 as python-masakariclient 8.9.0, the notifier of masakari-monitors 22.0.0 and curl spoke
 * to it, in their order: status, headers and bodies are the same here, up to ids and times. `{name}` stands for the UUID
 * that the answer before gave to a thing of this name.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { aPolicy } from '#test/support/builders.ts';
import { masakariWorld, obeying, PROJECT } from './support.ts';

const pairs = z
  .array(
    z.object({
      request: z.object({
        method: z.string(),
        path: z.string(),
        token: z.string(),
        version: z.string().optional(),
        body: z.string().optional(),
      }),
      response: z.object({ status: z.number(), headers: z.record(z.string(), z.string()), body: z.unknown() }),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('./golden.json', import.meta.url), 'utf8')));

/** Here salvor is meant to do otherwise: a host is taken into maintenance also while it is being recovered. */
const OTHERWISE = ({ method, body = '' }: (typeof pairs)[number]['request']): boolean =>
  method === 'PUT' && body.includes('on_maintenance');

const world = await masakariWorld(
  aPolicy(
    { masakari: { segmentDefaults: { minHealthyHosts: 1 } } },
    { name: 'of-the-policy', hosts: { names: ['compute9'] } },
  ),
  ['compute1', 'compute2'],
);
obeying(world);
// When they were recorded: what is too old is no duplicate.
world.services.clock.nowMs = Date.parse('2026-11-21T00:20:11Z');
const known = new Map<string, string>([['project', PROJECT]]);
const numbers = new Map<string, number>();

it.each(pairs.map(({ request, response }) => [`${request.method} ${request.path}`, request, response] as const))(
  '%s',
  async (_, request, response) => {
    const { method, token, version, body } = request;
    const path = request.path
      .replace(/\{id of ([^}]+)\}/g, (all, name: string) => String(numbers.get(name) ?? all))
      .replace(/\{([^}]+)\}/g, (all, name: string) => known.get(name) ?? all);
    const answer = await world.ask(method, path, {
      token,
      ...(body === undefined ? {} : { text: body }),
      ...(version === undefined ? {} : { headers: { 'openstack-api-version': version } }),
    });
    if (OTHERWISE(request)) {
      expect(answer.status).toBe(200);
      return;
    }
    expect(answer.status).toBe(response.status);
    for (const [name, value] of Object.entries(response.headers))
      expect([name, answer.headers.get(name)]).toEqual([name, value]);
    expect(answer.headers.get('x-openstack-request-id')).toMatch(/^req-/);
    compare(withoutThePolicys(answer.body), response.body);
  },
);

/** What the policy defines is listed as well. */
const withoutThePolicys = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'segments' in body && Array.isArray(body.segments)
    ? { ...body, segments: body.segments.filter(({ name }) => name !== 'of-the-policy') }
    : body;

function compare(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    for (const [index, each] of expected.entries()) compare((actual as readonly unknown[])[index], each);
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(actual as object)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) compareField(actual as object, key, value);
  } else expect(actual).toEqual(expected);
}

function compareField(actual: object, key: string, expected: unknown): void {
  const value: unknown = Reflect.get(actual, key);
  const name = typeof expected === 'string' ? /^\{(.+)\}$/.exec(expected)?.[1] : undefined;
  if (name !== undefined) {
    expect(value).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    if (!known.has(name)) known.set(name, String(value));
    expect([key, value]).toEqual([key, known.get(name)]);
    if ('id' in actual && (key === 'uuid' || key === 'notification_uuid')) numbers.set(name, Number(actual.id));
  } else if (expected === '<id>') expect(Number.isSafeInteger(value)).toBe(true);
  else if (expected === '<time>') expect(value).toMatch(/^2026-11-21T\d\d:\d\d:\d\d\.000000$/);
  else compare(value, expected);
}
