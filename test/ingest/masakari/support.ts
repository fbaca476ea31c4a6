import { queueOf } from '#events/catalog.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { obeyOperator } from '#functions/obey-operator.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { RetryableError } from '#shared/errors.ts';
import { masakariApi } from '#shared/ingest/masakari/app.ts';
import type { MasakariServices } from '#shared/ingest/masakari/call.ts';
import { answerSqsEvent } from '#shared/lambda/handler.ts';
import type { KeystoneTokens, TokenOwner } from '#shared/ports.ts';
import { throttle } from '#shared/shell/throttle.ts';
import { aPolicy, aService, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';

export const PROJECT = 'aaaabbbbccccddddeeeeffff00001111';
const domain = { id: 'default', name: 'Default' };
const owner = (name: string, ...roles: readonly string[]): TokenOwner => ({
  user: { id: `id-of-${name}`, name, domain },
  projectId: PROJECT,
  roles,
  isSystem: false,
  expiresAtMs: NOW_MS + seconds(3600),
});

/** Tokens by what they are good for. `away`: Keystone does not answer. */
const OWNERS: Readonly<Record<string, TokenOwner>> = {
  admin: owner('masakari', 'admin', 'member'),
  member: owner('demo', 'member', 'reader'),
  ops: owner('ops', 'ha-operator'),
  second: owner('second', 'admin'),
  monitor: owner('monitor', 'ha-reporter'),
  auditor: owner('auditor', 'ha-reader'),
  'compute-1': owner('masakari-compute-1', 'admin'),
};

const tokens: KeystoneTokens = {
  uri: async () => 'http://keystone.test/v3',
  signIn: async () => undefined,
  check: async (token) => {
    if (token === 'away') throw new RetryableError('Keystone answered 503');
    return OWNERS[token];
  },
};

export interface Asked {
  readonly token?: string | null;
  readonly version?: string;
  readonly body?: unknown;
  /** In place of a body in JSON. */
  readonly text?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** What an answer may hold, as if it held all of it: a test looks for what its answer has. */
export interface Body extends Record<(typeof FAULTS)[number], { readonly code: number; readonly message: string }> {
  readonly notification: Item;
  readonly notifications: readonly Item[];
  readonly vmove: Item;
  readonly vmoves: readonly Item[];
  readonly segment: Item;
  readonly segments: readonly Item[];
  readonly host: Item;
  readonly hosts: readonly Item[];
}
export interface Item {
  readonly id: number;
  readonly uuid: string;
  readonly notification_uuid: string;
  readonly source_host_uuid: string;
  readonly status: string;
  readonly enabled: boolean;
  readonly on_maintenance: boolean;
  readonly [key: string]: unknown;
}
const FAULTS = ['badRequest', 'forbidden', 'itemNotFound', 'conflictingRequest', 'serviceUnavailable'] as const;

export interface MasakariWorld {
  readonly services: FakeServices & MasakariServices;
  ask(method: string, path: string, asked?: Asked): Promise<Answered>;
  /** A notification as a monitor sends it: of `compute-1`, now. */
  notify(changes?: object, asked?: Asked): Promise<Answered>;
}

/** @param hosts of the fake cloud, which are mirrored; `compute-1` to `compute-6` when they are left out */
export async function masakariWorld(policy: Policy = aPolicy(), hosts?: readonly string[]): Promise<MasakariWorld> {
  const fakes = fakeServices(policy);
  if (hosts !== undefined) fakes.cloud.services = hosts.map((host) => aService({ host }));
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return timeOrdered(fakes.clock.now(), ids);
  };
  const services = {
    ...fakes,
    // Time-ordered, as those of the system are.
    chance: { ...fakes.chance, id: newId },
    tokens,
    throttle: throttle(fakes.clock),
  };
  await mirrorInventory(services);
  const api = masakariApi(services);
  const ask: MasakariWorld['ask'] = async (method, path, asked = {}) => {
    const { token = 'admin', version, body, text, headers = {} } = asked;
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await api.request(`http://salvor.test${path}`, {
      method,
      ...(sent === undefined ? {} : { body: sent }),
      headers: {
        ...(token === null ? {} : { 'x-auth-token': token }),
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...(version === undefined ? {} : { 'openstack-api-version': `instance-ha ${version}` }),
        ...headers,
      },
    });
    const told = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    const { status } = response;
    return { status, headers: response.headers, text: told, body: (isJson ? JSON.parse(told) : undefined) as Body };
  };
  return {
    services,
    ask,
    notify: (changes = {}, asked = {}) =>
      ask('POST', '/v1/notifications', { ...asked, body: { notification: { ...aNotification(), ...changes } } }),
  };
}

/** Operators' commands are obeyed the moment they are in the queue. */
export function obeying({ services }: MasakariWorld): void {
  const { outbox } = services;
  const send = outbox.send.bind(outbox);
  outbox.send = async (messages) => {
    const commands = messages.filter(({ message }) => queueOf(message) === 'operator-commands');
    await send(messages.filter((each) => !commands.includes(each)));
    const records = commands.map(({ message }) => aRecord(message, { sentAtMs: services.clock.now() }));
    await answerSqsEvent(obeyOperator, services, { Records: records });
  };
}

/** COMPUTE_HOST, STOPPED, of `compute-1`, as masakari-hostmonitor sends it. */
export const aNotification = () => ({
  type: 'COMPUTE_HOST',
  hostname: 'compute-1',
  generated_time: '2026-11-21T11:59:58.441748',
  payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
});

function timeOrdered(unixMs: number, number: number): string {
  const time = unixMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${uuid(9, number).slice(15)}`;
}
