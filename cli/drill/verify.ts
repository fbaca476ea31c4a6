import type { AuditRecord } from '#shared/domain/audit.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import type { SimServer } from '#sim/world/types.ts';

/**
 * The independent check: every invariant is read from what the cloud itself logged (requests, power, guests),
 * never from what salvor says it did. Only the last rule looks at salvor's own records.
 */
export interface Verdict {
  readonly rule: string;
  readonly broken: readonly string[];
}

export interface Evidence {
  readonly cloud: SimulatedCloud;
  readonly victims: readonly string[];
  /** Instances that the policy protects, as they were before the failure. */
  readonly protectedBefore: readonly SimServer[];
  readonly unprotected: readonly SimServer[];
  /** Whether this drill must end with every protected instance elsewhere. */
  readonly mustRecover: boolean;
  readonly audit: ReadonlyMap<string, Stream>;
  /**
   * The pipeline was killed on the way: where nobody got an answer, what its migration told or that it was lost is on
   * record in its place.
   */
  readonly killed?: boolean;
  /** What goes on beside the failure: hosts whose service may be disabled and enabled, instances that may be rebooted. */
  readonly beside?: { readonly hosts: readonly string[]; readonly instances: readonly string[] };
}

interface Stream {
  readonly records: readonly AuditRecord[];
  readonly fault: string | undefined;
}

export function verify(evidence: Evidence): readonly Verdict[] {
  return [
    { rule: 'no instance ran twice at once', broken: ranTwice(evidence) },
    { rule: 'no evacuation before its host was powered off and forced down', broken: unproven(evidence) },
    { rule: 'one evacuation per instance at a time', broken: overlapping(evidence) },
    { rule: 'no other host was touched', broken: othersTouched(evidence) },
    { rule: 'nothing else was changed in Nova', broken: otherChanges(evidence) },
    { rule: 'no host was given back before its evacuations had ended', broken: givenBack(evidence) },
    {
      rule: evidence.mustRecover ? 'every protected instance is well on another host' : 'nothing was evacuated',
      broken: evidence.mustRecover ? notRecovered(evidence) : evacuated(evidence),
    },
    { rule: 'instances that are not protected were left alone', broken: touchedUnprotected(evidence) },
    { rule: 'the audit is whole, and tells of every request that changed something', broken: auditGaps(evidence) },
  ];
}

const ranTwice = ({ cloud }: Evidence): string[] =>
  cloud.ledger
    .filter((entry) => entry.what === 'DOUBLE')
    .map((entry) => `${entry.serverId} on ${entry.host} and ${entry.otherHost}`);

/** The facts before `seq`, newest first. */
const factsBefore = ({ cloud }: Evidence, seq: number) =>
  cloud.journal.facts.filter((fact) => fact.seq < seq).reverse();

/** A request that was on its way when somebody switched its host on could not know of it: its agents say so a moment later. */
const TOLD_WITHIN_MS = 2_000;

function unproven(evidence: Evidence): string[] {
  const requests = evidence.cloud.requestLog.find({ api: 'nova', operation: 'evacuate' });
  return requests.flatMap((request) => {
    const before = factsBefore(evidence, request.seq);
    const source = before.find((fact) => fact.kind === 'evacuate-accepted' && fact.serverId === request.serverId);
    const host = request.host ?? (source?.kind === 'evacuate-accepted' ? source.sourceHost : undefined);
    const power = before.find(
      (fact) =>
        fact.kind === 'power' &&
        fact.host === host &&
        !(fact.power === 'on' && request.atMs - fact.atMs < TOLD_WITHIN_MS),
    );
    const forced = before.find((fact) => fact.kind === 'forced-down' && fact.host === host);
    const broken = [];
    if (power?.kind !== 'power' || power.power !== 'off')
      broken.push(`${request.serverId}: its host ${host} was not off`);
    if (forced?.kind !== 'forced-down' || !forced.forcedDown)
      broken.push(`${request.serverId}: its host ${host} was not forced down`);
    return broken;
  });
}

function overlapping({ cloud }: Evidence): string[] {
  return cloud.journal.facts.flatMap((fact) =>
    fact.kind === 'evacuate-accepted' && fact.duringAnother
      ? [`${fact.serverId} was asked for while its evacuation ran`]
      : [],
  );
}

function othersTouched({ cloud, victims, beside }: Evidence): string[] {
  const power = cloud.requestLog.find({ api: 'redfish', method: 'POST' });
  const services = cloud.requestLog
    .find({ api: 'nova', operation: 'update-service' })
    .filter(
      ({ host = '', body }) => !(beside?.hosts.includes(host) && !JSON.stringify(body).includes('"forced_down"')),
    );
  return [...power, ...services]
    .filter((request) => !victims.includes(request.host ?? ''))
    .map((request) => `${request.method} ${request.path} (${request.host})`);
}

/** Salvor forces hosts down, resets and evacuates instances. Locks, names, tags and whatever else is their owners'. */
const otherChanges = ({ cloud, beside }: Evidence): string[] =>
  cloud.requestLog
    .find({ api: 'nova' })
    .filter(({ method, operation, body, serverId = '' }) => {
      if (method === 'GET' || operation === 'evacuate' || operation === 'update-service') return false;
      if (beside?.instances.includes(serverId) && JSON.stringify(body).startsWith('{"reboot"')) return false;
      return !(operation === 'server-action' && JSON.stringify(body).startsWith('{"os-resetState"'));
    })
    .map(({ method, path, body }) => `${method} ${path} ${JSON.stringify(body)}`);

function givenBack({ cloud, victims }: Evidence): string[] {
  return cloud.requestLog
    .find({ api: 'nova', operation: 'update-service' })
    .filter((request) => victims.includes(request.host ?? ''))
    .filter(
      ({ body }) =>
        JSON.stringify(body).includes('"forced_down":false') || JSON.stringify(body).includes('"status":"enabled"'),
    )
    .map((request) => `${request.host} was given back by ${request.requestId}`);
}

const runsOn = ({ cloud }: Evidence, id: string): string[] =>
  cloud
    .hosts()
    .filter((host) => host.guests.has(id))
    .map((host) => host.name);

function notRecovered(evidence: Evidence): string[] {
  return evidence.protectedBefore.flatMap((before) => {
    const now = evidence.cloud.server(before.id);
    const running = runsOn(evidence, before.id);
    if (now.host === null || evidence.victims.includes(now.host)) return [`${before.name} is still on ${now.host}`];
    const shouldRun = before.vmState === 'active';
    if (shouldRun && (running.length !== 1 || running[0] !== now.host || now.vmState !== 'active'))
      return [
        `${before.name} should run on ${now.host}: it is ${now.vmState}, its guest on ${running.join() || 'no host'}`,
      ];
    if (!shouldRun && (running.length > 0 || now.vmState !== 'stopped'))
      return [`${before.name} should be stopped: it is ${now.vmState}`];
    return [];
  });
}

const evacuated = ({ cloud }: Evidence): string[] =>
  cloud.requestLog
    .find({ api: 'nova', operation: 'evacuate' })
    .map((request) => `${request.serverId} was asked to evacuate`);

const touchedUnprotected = ({ cloud, unprotected }: Evidence): string[] =>
  unprotected
    .filter((before) => cloud.requestLog.count({ api: 'nova', method: 'POST', serverId: before.id }) > 0)
    .map((before) => before.name);

/** Every request that changed something has its intent in the audit, and each one that was answered its request id. */
function auditGaps({ cloud, audit, killed = false }: Evidence): string[] {
  const broken = [...audit].flatMap(([stream, { fault }]) => (fault === undefined ? [] : [`${stream}: ${fault}`]));
  const facts = [...audit.values()].flatMap(({ records }) => records.map((record) => record.fact));
  const count = (type: string): number => facts.filter((fact) => fact.type === type).length;
  const ids = new Set(facts.flatMap((fact) => (typeof fact.requestId === 'string' ? [fact.requestId] : [])));
  const evacuations = cloud.requestLog.find({ api: 'nova', operation: 'evacuate' });
  const resets = cloud.requestLog.find({ api: 'redfish', method: 'POST' }).length;
  if (count('evacuate-intended') < evacuations.length)
    broken.push(`${evacuations.length} evacuate requests, ${count('evacuate-intended')} intents`);
  broken.push(...[...audit].flatMap(([name, stream]) => withoutOutcome(name, stream, killed)));
  if (count('power-off-intended') < resets)
    broken.push(`${resets} power requests, ${count('power-off-intended')} intents`);
  for (const request of evacuations)
    if (request.status === 200 && !ids.has(request.requestId) && !(killed && foundOf(audit, request.serverId)))
      broken.push(`the audit does not know request ${request.requestId}`);
  return broken;
}

/** Each intent is followed by an outcome before the next attempt is granted (A1). */
function withoutOutcome(name: string, { records }: Stream, killed: boolean): string[] {
  const outcomes = killed ? ['evacuate-answered', 'found-running', 'lost-answer'] : ['evacuate-answered'];
  const types = records.map(({ fact }) => fact.type);
  return types.flatMap((type, index) => {
    if (type !== 'evacuate-intended') return [];
    const next = types.indexOf('evacuate-intended', index + 1);
    const mine = types.slice(index + 1, next < 0 ? undefined : next);
    return mine.some((each) => outcomes.includes(each)) ? [] : [`${name}: an evacuation has an intent, but no outcome`];
  });
}

/** Whether an evacuation of the instance was found in Nova's own records. */
const foundOf = (audit: Evidence['audit'], serverId: string | undefined): boolean =>
  [...audit].some(
    ([name, { records }]) => name.endsWith(`#${serverId}`) && records.some(({ fact }) => fact.type === 'found-running'),
  );
