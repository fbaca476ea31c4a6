import type { EvacuateInstance } from '#events/commands.ts';
import type {
  Answer,
  ItemKey,
  OutgoingMessage,
  PowerOffAnswer,
  PowerReading,
  QueryOptions,
  ServiceHealth,
  StateWrite,
} from '#shared/ports.ts';
import { uuid } from '#test/support/builders.ts';
import {
  evacuationBegins,
  hostOf,
  instanceOf,
  migrationsFrom,
  poweredOff,
  seesUp,
  serverOf,
  serversOn,
  serviceIdOf,
  servicesOf,
  withHost,
} from './cloud.ts';
import { checkCommit } from './commits.ts';
import type { Draft } from './draft.ts';
import { checkEvacuate, checkForceDown, checkPowerOff } from './invariants.ts';
import type { Call, Result, Setting } from './replay.ts';
import type { Run } from './runs.ts';
import type { Cloud, Fault, Message } from './state.ts';
import { T0 } from './values.ts';

/** A request that nobody answered is carried out within this time, or never. Shorter than any settle time of a policy here. */
const LANDS_WITHIN_MS = 40_000;
/** A device that took a power-off needs no longer. */
const OFF_WITHIN_MS = 20_000;
/** A read of a slow device: the second one after a power-off is the last. */
const SLEEP_MS = 13_000;

/** One thing that may become of a call: what it does to the world, and what its caller hears. */
export interface Outcome {
  readonly label: string;
  readonly fault?: Fault;
  /** Time passes in it. */
  readonly takesMs?: number;
  readonly happens: (draft: Draft) => Result;
}

export interface Caller {
  readonly run: Run;
  readonly message: Message | undefined;
  readonly setting: Setting;
}

/** The same object for the same answer, so that it is told from others at once. */
const results = new WeakMap<object, Result>();
const NOTHING: Result = { value: null };
const ABSENT: Result = { value: undefined };
function value(told: unknown): Result {
  if (told === null) return NOTHING;
  if (told === undefined) return ABSENT;
  const known = results.get(told);
  if (known !== undefined) return known;
  const result = { value: told };
  results.set(told, result);
  return result;
}
const unknown: Answer & PowerOffAnswer = { kind: 'unknown', error: '', detail: '', durationMs: 0 };
const accepted = { kind: 'accepted', requestId: null, detail: '', durationMs: 0 } as const;
const refused = (httpStatus: number, message: string) =>
  ({ kind: 'refused', httpStatus, message, detail: '', requestId: null, durationMs: 0 }) as const;

/** Everything that may become of a call. The first outcome without a fault is what happens when nothing goes wrong. */
export function outcomesOf(call: Call, caller: Caller): readonly Outcome[] {
  const { name, args } = call;
  const [first, second] = args as [never, never];
  switch (name) {
    case 'get':
      return [tells((draft) => draft.read(first as ItemKey))];
    case 'query':
      return [tells((draft) => pageOf(draft, first, second))];
    case 'due':
      return [
        tells((draft) => dueIn(draft, first)),
        { label: 'the index lags behind', fault: 'lag', happens: () => value([]) },
      ];
    case 'transact':
      return [{ label: '', happens: (draft) => commit(draft, first, caller) }];
    case 'send':
      return [{ label: '', happens: (draft) => sent(draft, first) }];
    case 'sleep':
      return [{ label: '', takesMs: SLEEP_MS, happens: () => value(null) }];
    case 'services':
      return novaTells(call, (cloud) => servicesOf(cloud));
    case 'service':
      return novaTells(call, (cloud) => servicesOf(cloud).find(({ host }) => host === first));
    case 'serversOn':
      return novaTells(call, (cloud) => serversOn(cloud, first));
    case 'server':
      return novaTells(call, (cloud) => serverOf(cloud, first));
    case 'evacuationsFrom':
      return novaTells(call, (cloud) => migrationsFrom(cloud, first));
    case 'health':
      return [
        { label: '', happens: () => ANSWERS },
        { label: 'its conductor does not answer', fault: 'nova', happens: () => SILENT },
      ];
    case 'readPower':
      return readings(first);
    case 'powerOff':
      return powerOffs(first, caller);
    case 'forceDown':
      return forceDowns(first, caller);
    case 'evacuate':
      return evacuations(first, second, caller);
    case 'resetStateToActive':
      return [{ label: '', happens: () => value(accepted) }];
  }
}

const tells = (what: (draft: Draft) => unknown): Outcome => ({ label: '', happens: (draft) => value(what(draft)) });
const ANSWERS: Result = { value: [] satisfies readonly ServiceHealth[] };
const SILENT: Result = {
  value: [{ service: 'conductor', answers: false, detail: '' }] satisfies readonly ServiceHealth[],
};
const NO_ANSWER: Result = { error: 'retryable' };
const seen = new WeakMap<Cloud, Map<string, Result>>();
const novaTells = ({ key }: Call, what: (cloud: Cloud) => unknown): readonly Outcome[] => [
  {
    label: '',
    happens: ({ cloud }) => {
      const ofCloud = seen.get(cloud) ?? new Map<string, Result>();
      seen.set(cloud, ofCloud);
      const result = ofCloud.get(key) ?? { value: what(cloud) };
      ofCloud.set(key, result);
      return result;
    },
  },
  { label: 'Nova does not answer', fault: 'nova', happens: () => NO_ANSWER },
];

function pageOf(draft: Draft, partition: string, { prefix = '' }: QueryOptions) {
  const items = [...draft.all()].filter((each) => each.partition === partition && each.sort.startsWith(prefix));
  return { items: items.sort((a, b) => (a.sort < b.sort ? -1 : 1)) };
}

export const dueIn = (draft: Draft, beforeMs: number) =>
  [...draft.all()]
    .filter(({ dueAtMs }) => dueAtMs !== undefined && dueAtMs <= beforeMs)
    .sort((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0) || (a.partition < b.partition ? -1 : 1));

function sent(draft: Draft, messages: readonly OutgoingMessage[]): Result {
  draft.send(messages);
  return NOTHING;
}

function commit(draft: Draft, writes: readonly StateWrite[], { setting }: Caller): Result {
  const before = new Map(writes.map((write) => [write, write.kind === 'append' ? undefined : draft.item(write)]));
  const result = draft.transact(writes);
  if ('value' in result) checkCommit(draft, writes, before, setting);
  return result;
}

function readings(host: string): readonly Outcome[] {
  const reading = (power: PowerReading['power']): Result =>
    value({ power, systemUuid: uuid(4, Number(host.replace(/\D/g, ''))), detail: '', durationMs: 0 });
  const truth = (draft: Draft): Result => {
    const { power } = hostOf(draft.cloud, host);
    if (power === 'off') draft.cloud = withHost(draft.cloud, host, { readOffAtMs: T0 });
    return reading(power);
  };
  return [
    { label: '', happens: truth },
    { label: 'the device does not answer', fault: 'bmc', happens: () => reading('unknown') },
  ];
}

function powerOffs(host: string, caller: Caller): readonly Outcome[] {
  const goesOff = (draft: Draft): void => {
    draft.cloud = poweredOff(draft.cloud, host);
  };
  const asked =
    (answer: PowerOffAnswer, effect: (draft: Draft) => void = () => {}) =>
    (draft: Draft): Result => {
      checkPowerOff(draft, host, caller);
      effect(draft);
      return value(answer);
    };
  const later = (draft: Draft): void => {
    draft.cloud = withHost(draft.cloud, host, { offBeforeMs: T0 + OFF_WITHIN_MS });
  };
  return [
    { label: '', happens: asked(accepted, goesOff) },
    { label: 'goes off later', fault: 'bmc', happens: asked(accepted, later) },
    { label: 'no answer, but it goes off', fault: 'bmc', happens: asked(unknown, goesOff) },
    { label: 'no answer, no effect', fault: 'bmc', happens: asked(unknown) },
    { label: 'refused', fault: 'bmc', happens: asked(refused(403, '')) },
  ];
}

function forceDowns(serviceId: string, caller: Caller): readonly Outcome[] {
  const asked =
    (answer: Answer, effect: boolean) =>
    (draft: Draft): Result => {
      const host = Object.keys(draft.cloud.hosts).find((each) => serviceIdOf(each) === serviceId) ?? '';
      checkForceDown(draft, host, caller);
      if (effect) draft.cloud = withHost(draft.cloud, host, { forcedDown: true });
      return value(answer);
    };
  return [
    { label: '', happens: asked(accepted, true) },
    { label: 'no answer, but it is done', fault: 'nova', happens: asked(unknown, true) },
    { label: 'no answer, no effect', fault: 'nova', happens: asked(unknown, false) },
  ];
}

function evacuations(id: string, { host }: { readonly host: string | null }, caller: Caller): readonly Outcome[] {
  const message = caller.message?.body as EvacuateInstance;
  const destinationIn = (draft: Draft): string => host ?? schedulerPick(draft, id);
  const asked =
    (effect: (draft: Draft) => Answer) =>
    (draft: Draft): Result => {
      checkEvacuate(draft, message, caller);
      const source = instanceOf(draft.cloud, id).host;
      // Nova's own check: it refuses while it sees the service up, and for an instance that is gone.
      if (source === null) return value(refused(404, `Instance ${id} could not be found.`));
      if (seesUp(hostOf(draft.cloud, source)))
        return value(refused(400, `Compute service of ${source} is still in use.`));
      return value(effect(draft));
    };
  const begins =
    (answer: Answer) =>
    (draft: Draft): Answer => {
      draft.cloud = evacuationBegins(draft.cloud, id, destinationIn(draft));
      return answer;
    };
  const lands = (draft: Draft): Answer => {
    const landing = { instanceId: id, destination: destinationIn(draft), beforeMs: T0 + LANDS_WITHIN_MS };
    draft.cloud = { ...draft.cloud, landings: [...draft.cloud.landings, landing] };
    return unknown;
  };
  return [
    { label: '', happens: asked(begins(accepted)) },
    { label: 'no answer, but it is done', fault: 'nova', happens: asked(begins(unknown)) },
    { label: 'no answer, and it is done later', fault: 'nova', happens: asked(lands) },
    { label: 'no answer, no effect', fault: 'nova', happens: asked(() => unknown) },
    { label: 'refused', fault: 'nova', happens: asked(() => refused(409, 'not now')) },
  ];
}

function schedulerPick({ cloud }: Draft, id: string): string {
  const source = instanceOf(cloud, id).host;
  const fit = Object.entries(cloud.hosts).find(([name, host]) => name !== source && seesUp(host) && host.enabled);
  return fit?.[0] ?? 'compute-9';
}
