import * as z from 'zod';
import { hostEvent } from '#events/host-event.ts';
import { VERSION } from '#shared/version.ts';
import { MASAKARI_ACTIONS } from './masakari/app.ts';
import { leaseRequest } from './watchdog.ts';

/** What the HTTP endpoint takes and answers, as OpenAPI 3.1: `GET /openapi.json`. Tests hold the server to it. */

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (name: string, type = 'application/json') => ({ [type]: { schema: ref(name) } });

const PROBLEMS = {
  400: 'It is not of this form: `detail` says what is wrong, and where.',
  401: 'No reporter of the policy has this token.',
  403: 'The reporter may not say any of it.',
  413: 'The request is too large.',
  415: 'The content type is not one of these.',
  429: 'The reporter says too much; `accepted` were taken. Send the rest after `Retry-After`.',
  500: 'A fault of salvor: it may not have been taken. Send it again.',
  503: 'It can not be taken now. Send it again.',
} as const;

const problems = (...more: readonly (readonly [number, string])[]) =>
  Object.fromEntries(
    [...Object.entries(PROBLEMS), ...more].map(([status, description]) => [
      status,
      { description, content: json('Problem', 'application/problem+json') },
    ]),
  );

const security = [{ token: [] }, { password: [] }];

const events = {
  post: {
    summary: 'Report events, in any mode of the CloudEvents HTTP binding',
    security,
    requestBody: {
      required: true,
      content: {
        ...json('HostEvent', 'application/cloudevents+json'),
        ...json('HostEvents', 'application/cloudevents-batch+json'),
        'application/json': { schema: { anyOf: [ref('HostEvent'), ref('HostEvents')] } },
      },
    },
    responses: {
      202: { description: '`accepted` events are safely in the queue.', content: json('Accepted') },
      ...problems([405, 'Events are sent with POST.']),
    },
  },
};

const webhooks = (sources: readonly string[]) => ({
  parameters: [{ name: 'source', in: 'path', required: true, schema: { enum: sources } }],
  post: {
    summary: 'Report in a monitoring program’s own form: see docs/sources.md',
    security,
    requestBody: { required: true, content: { 'application/json': {}, 'application/x-www-form-urlencoded': {} } },
    responses: {
      202: { description: 'All that it says of hosts is safely in the queue.', content: json('Taken') },
      ...problems([404, 'No source is called so.'], [405, 'What programs say is sent with POST.']),
    },
  },
});

const watchdog = {
  post: {
    summary: 'A lease for the watchdog of the host that asks: see docs/fencing.md',
    security,
    requestBody: { required: true, content: json('LeaseRequest') },
    responses: {
      200: { description: 'It may feed its watchdog now, once.', content: json('Lease') },
      ...problems([405, 'A lease is asked for with POST.']),
    },
  },
};

const FAULTS = ['400', '401', '403', '404', '405', '406', '409', '413', '415', '429', '500', '503'];

/** Each action of the Masakari API; the same with the project's id behind `/v1`. */
function masakari() {
  const faults = Object.fromEntries(
    FAULTS.map((status) => [status, { description: 'As Masakari answers it.', content: json('Fault') }]),
  );
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path } of MASAKARI_ACTIONS) {
    const template = `/v1${path.replace(/:(\w+)/g, '{$1}')}`;
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
    paths[template] = {
      ...paths[template],
      ...(names.length === 0
        ? {}
        : { parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })) }),
      [method.toLowerCase()]: {
        summary: 'Masakari API v1: https://docs.openstack.org/api-ref/instance-ha/',
        security: [{ keystone: [] }],
        responses: { '2XX': { description: 'As Masakari answers it.', content: json('Object') }, ...faults },
      },
    };
  }
  return paths;
}

const TEXT = { type: 'string' };
const accepted = {
  accepted: { type: 'integer', minimum: 0 },
  refused: {
    type: 'array',
    items: { type: 'object', properties: { id: TEXT, because: TEXT }, required: ['id', 'because'] },
  },
};

export function openApi(sources: readonly string[]): object {
  return {
    openapi: '3.1.0',
    info: { title: 'salvor: reports of compute hosts', version: VERSION, license: { name: 'Apache-2.0' } },
    paths: {
      '/healthz': { get: { summary: 'Whether it answers', responses: { 200: { description: 'It does.' } } } },
      '/healthcheck': { get: { summary: 'The same, as Masakari has it', responses: { 200: { description: 'OK' } } } },
      '/openapi.json': { get: { summary: 'This document', responses: { 200: { description: 'OpenAPI 3.1.' } } } },
      '/v1/events': events,
      '/v1/watchdog': watchdog,
      '/v1/webhooks/{source}': webhooks(sources),
      '/': { get: { summary: 'Versions of the Masakari API', responses: { 200: { description: 'As Masakari.' } } } },
      '/v1': { get: { summary: 'Its version 1', responses: { 200: { description: 'As Masakari.' } } } },
      ...masakari(),
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token of a reporter, or a host’s own.' },
        password: { type: 'http', scheme: 'basic', description: 'The same token as the password of any user.' },
        keystone: { type: 'apiKey', in: 'header', name: 'X-Auth-Token', description: 'A Keystone token.' },
      },
      schemas: {
        HostEvent: withoutDialect(z.toJSONSchema(hostEvent, { io: 'input' })),
        HostEvents: { type: 'array', items: ref('HostEvent'), maxItems: 1000 },
        LeaseRequest: withoutDialect(z.toJSONSchema(leaseRequest, { io: 'input' })),
        Lease: {
          type: 'object',
          properties: { feedWithinSeconds: { type: 'number' } },
          required: ['feedWithinSeconds'],
        },
        Accepted: { type: 'object', properties: accepted, required: ['accepted', 'refused'] },
        Taken: {
          type: 'object',
          properties: { ...accepted, ignored: { type: 'array', items: TEXT } },
          required: ['accepted', 'refused', 'ignored'],
        },
        Problem: {
          type: 'object',
          properties: { title: TEXT, status: { type: 'integer' }, detail: TEXT },
          required: ['title', 'status', 'detail'],
        },
        Fault: {
          type: 'object',
          minProperties: 1,
          maxProperties: 1,
          additionalProperties: {
            type: 'object',
            properties: { code: { type: 'integer' }, message: TEXT },
            required: ['code', 'message'],
          },
        },
        Object: { type: 'object' },
      },
    },
  };
}

function withoutDialect(schema: object): object {
  const { $schema: _dialect, ...rest } = schema as { $schema?: string };
  return rest;
}
