import { randomUUID } from 'node:crypto';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SendMessageBatchCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agentsFor } from '#cli/drill/agents.ts';
import { verify } from '#cli/drill/verify.ts';
import { deadLetterQueueOf, type FunctionName, QUEUES, type QueueName } from '#events/catalog.ts';
import { INCIDENT_ALARMS } from '#infra/cdk/incident-alarms.ts';
import { streamOfHost } from '#shared/domain/audit.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { listParked } from '#shared/state/parked.ts';
import { readAudit, readIncidentAudit } from '#shared/state/read-audit.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import type { SimServer } from '#sim/world/types.ts';
import { matches } from '../infra/cdk/filter-pattern.ts';
import { commandLineOf } from './cli.ts';
import { BMC_SECRET, type Deployed, deployFor, HTTP_TOKEN, type PolicyInput, reachedAt } from './deployed.ts';
import { describeOnLocalStack } from './suite.ts';

const VICTIM = 'compute-1';
const CLOUD = { name: 'lab', region: 'RegionOne' };
const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];

describeOnLocalStack('the deployed pipeline', (localStack) => {
  let cloud: SimulatedCloud;
  let deployed: Deployed;
  let before: readonly SimServer[];
  let optedOut: readonly SimServer[];

  const incident = async () => {
    const [first, ...others] = await Array.fromAsync(listIncidents(deployed.state));
    if (first === undefined) throw new Error('no incident is on record');
    expect(others).toEqual([]);
    return first;
  };
  const hostKeys = async (): Promise<ReadonlyMap<string, string>> => {
    const hosts = await loadInventory(deployed.state, CLOUD.name, CLOUD.region);
    return new Map(hosts.map(({ value }) => [value.host, hostKeyOf(CLOUD.name, CLOUD.region, value.serviceId)]));
  };

  beforeAll(async () => {
    cloud = await startSimulatedCloud({ hosts: 6, serviceDownSeconds: 2 });
    const booted = [
      ...cloud.boot(9, { host: VICTIM }),
      ...cloud.boot(7, { host: VICTIM, root: 'volume' }),
      ...cloud.boot(3, { host: VICTIM, state: 'stopped' }),
      ...cloud.boot(1, { host: VICTIM, state: 'paused' }),
    ];
    optedOut = cloud.boot(1, { host: VICTIM, metadata: { HA_Enabled: 'false' } });
    before = booted.map((server) => ({ ...server }));
    deployed = await deployFor(cloud, policyFor(cloud), `t${randomUUID().slice(0, 8)}`, localStack);
  });
  afterAll(async () => {
    await deployed?.destroy();
    await cloud?.stop();
  });

  it('knows the hosts once the rule of its mirror has fired', async () => {
    await expect.poll(async () => (await hostKeys()).size, { timeout: 100_000, interval: 500 }).toBe(6);
  });

  it('recovers a host that three reporters call dead, each event sent twenty times', async () => {
    const agents = agentsFor(localStack.endpoint, deployed.queueUrl('host-events'));
    cloud.killHost(VICTIM, { leaveGuestsRunning: true });
    await agents.storm('host.down', VICTIM, 20);
    agents.stop();
    await expect.poll(async () => (await incident()).closedAtMs, { timeout: 100_000, interval: 500 }).not.toBeNull();
    expect(await incident()).toMatchObject({
      host: VICTIM,
      outcome: 'recovered',
      counts: { recovered: 20, 'not-protected': 1 },
    });
  });

  it('broke no rule, by what the cloud itself has logged', async () => {
    const { streams: audit } = await readAudit(deployed.state, CLOUD);
    const evidence = { cloud, victims: [VICTIM], protectedBefore: before, unprotected: optedOut, mustRecover: true };
    expect(verify({ ...evidence, audit }).filter(({ broken }) => broken.length > 0)).toEqual([]);
  });

  it('asked Nova for each instance once, after the host was off and forced down', () => {
    const { facts } = cloud.journal;
    const accepted = facts.filter((fact) => fact.kind === 'evacuate-accepted');
    expect(accepted.map((fact) => fact.serverId).sort()).toEqual(before.map(({ id }) => id).sort());
    expect(cloud.requestLog.count({ api: 'nova', operation: 'evacuate' })).toBe(before.length);
    const off = facts.findIndex((fact) => fact.kind === 'power' && fact.host === VICTIM && fact.power === 'off');
    const forced = facts.findIndex((fact) => fact.kind === 'forced-down' && fact.host === VICTIM && fact.forcedDown);
    const first = facts.findIndex((fact) => fact.kind === 'evacuate-accepted');
    expect(off).toBeGreaterThanOrEqual(0);
    expect(forced).toBeGreaterThan(off);
    expect(first).toBeGreaterThan(forced);
  });

  it('left a whole audit: the host, the incident, and each of its tasks', async () => {
    const { streams } = await readIncidentAudit(deployed.state, await incident());
    expect(streams.size).toBe(2 + before.length + optedOut.length);
    for (const [stream, { records, fault }] of streams) {
      expect(fault, stream).toBeUndefined();
      expect(records, stream).not.toEqual([]);
    }
  });

  it('parks what it can not act on, and no message of those batches comes again', async () => {
    const Entries = NONSENSE.map((body, index) => ({ Id: String(index), MessageBody: body }));
    await deployed.sqs.send(new SendMessageBatchCommand({ QueueUrl: deployed.queueUrl('host-events'), Entries }));
    const listed = () => Array.fromAsync(listParked(deployed.state));
    // All but the one that is only too old. A message that failed would stay in flight for the visibility timeout of 60 s.
    await expect
      .poll(async () => (await listed()).length, { timeout: 40_000, interval: 200 })
      .toBe(NONSENSE.length - 1);
    await expect.poll(() => deployed.messagesIn('host-events'), { timeout: 40_000, interval: 200 }).toBe(0);
    const parked = await listed();
    expect(parked.map(({ subject, because }) => `${subject}: ${because.split('\n')[0]}`).sort()).toEqual([
      'another-cloud/RegionOne/compute-2: this salvor serves cloud lab, region RegionOne',
      expect.stringMatching(/^host-events: not a host event: .*'host.down' \| 'host.up'/),
      'host-events: not a host event: ✖ Invalid input: expected "1.0"',
      'host-events: the body is not JSON',
      expect.stringMatching(/^host-events: the event has \d+ bytes; at most 65536 are read$/),
      'no-such-host: no compute service of this name is known',
    ]);
    // An event that is only too old is no mistake of form: the host's own audit tells of it.
    const { items } = await deployed.state.queryAudit(streamOfHost((await hostKeys()).get('compute-2') ?? ''));
    expect(items.map(({ body }) => JSON.stringify(body)).join()).toContain('events.maxAgeSeconds');
  });

  it('takes a report by HTTP from who has a token, in the name that the policy gives it', async () => {
    const { id, body } = up('compute-5');
    const post = async (authorization: string) => {
      const { url, host } = reachedAt(localStack.endpoint, deployed.httpUrl);
      const headers = { host, authorization, 'content-type': 'application/json' };
      const answer = await request(`${url}v1/events`, { method: 'POST', headers, body });
      return [answer.statusCode, await answer.body.text()] as const;
    };
    expect(await post('Bearer wrong')).toMatchObject([401, expect.stringContaining('no reporter of the policy')]);
    expect(await post(`Bearer ${HTTP_TOKEN}`)).toEqual([202, '{"accepted":1,"refused":[]}']);
    const said = async (): Promise<string> => {
      const { items } = await deployed.state.queryAudit(streamOfHost((await hostKeys()).get('compute-5') ?? ''));
      return items.map((item) => JSON.stringify(item.body)).find((text) => text.includes(id)) ?? '';
    };
    await expect.poll(said, { timeout: 30_000, interval: 300 }).toContain('"reporter":"by-http"');
    expect(await said()).toContain('"source":"/agents/test"');
  });

  it('logs in the form that alarms look for', async () => {
    const parked = INCIDENT_ALARMS['messages-parked']?.pattern.logPatternString ?? '';
    const count = async (name: FunctionName, pattern: string): Promise<number> =>
      (await deployed.logLinesOf(name)).filter((line) => matches(pattern, line.trim())).length;
    await expect.poll(() => count('receive-host-event', parked)).toBe(6);
    await expect.poll(() => count('follow-evacuations', '{ $.outcome = "recovered" }')).toBe(1);
  });

  it('has nothing in any queue when all is done', async () => {
    for (const name of QUEUE_NAMES) {
      expect(await deployed.messagesIn(deadLetterQueueOf(name)), name).toBe(0);
      await expect.poll(() => deployed.messagesIn(name), { timeout: 30_000 }).toBe(0);
    }
  });

  it('moves an event that it fails on to the dead letters, while those beside it go on; a redrive mends it', async () => {
    const { sqs, dynamodb, stateTable, queueUrl } = deployed;
    await sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: queueUrl('host-events'), Attributes: { VisibilityTimeout: '1' } }),
    );
    const keys = await hostKeys();
    const pk = { S: `host#${keys.get('compute-6')}` };
    const broken = { pk, sk: { S: 'state' }, v: { N: '1' }, body: { S: 'not JSON' } };
    await dynamodb.send(new PutItemCommand({ TableName: stateTable, Item: broken }));
    const events = ['compute-6', 'compute-2', 'compute-3', 'compute-4', 'compute-5'].map((host) => up(host));
    const Entries = events.map(({ id, body }) => ({ Id: id, MessageBody: body }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl('host-events'), Entries }));
    const seen = async (host: string): Promise<boolean> => {
      const { items } = await deployed.state.queryAudit(streamOfHost(keys.get(host) ?? ''));
      const id = events.find((event) => event.host === host)?.id;
      return items.some(({ body }) => JSON.stringify(body).includes(`"${id}"`));
    };
    const poll = { timeout: 60_000, interval: 300 };
    for (const { host } of events.slice(1)) await expect.poll(() => seen(host), poll).toBe(true);

    const deadLetters = queueUrl('host-events-dlq');
    await expect.poll(() => deployed.messagesIn('host-events-dlq'), poll).toBe(1);
    const peek = new ReceiveMessageCommand({ QueueUrl: deadLetters, VisibilityTimeout: 0, MaxNumberOfMessages: 10 });
    expect((await sqs.send(peek)).Messages?.map(({ Body }) => Body)).toEqual([events[0]?.body]);
    expect(await deployed.messagesIn('host-events')).toBe(0);
    expect(await seen('compute-6')).toBe(false);

    await dynamodb.send(new DeleteItemCommand({ TableName: stateTable, Key: { pk, sk: broken.sk } }));
    const redriven = await commandLineOf(deployed, localStack)('redrive', '--go');
    expect(redriven.stdout).toContain('1 sent back, 0 void ones deleted');
    await expect.poll(() => seen('compute-6'), poll).toBe(true);
    expect(await deployed.messagesIn('host-events-dlq')).toBe(0);
  });
});

function policyFor(cloud: SimulatedCloud): PolicyInput {
  const devices = cloud.hosts().map(({ name }) => {
    const url = `${cloud.bmcUrl(name)}${cloud.bmcSystemPath(name)}`;
    return [name, { driver: 'redfish', url, credentials: BMC_SECRET }] as const;
  });
  return {
    version: 1,
    cloud: CLOUD,
    settling: { pauseSeconds: 0 },
    watch: { everySeconds: 0 },
    segments: [
      {
        name: 'az-nova',
        hosts: { availabilityZone: 'nova' },
        graceSeconds: 2,
        reporters: { required: 3 },
        requireNovaDown: true,
        instances: { sharedInstanceStorage: true },
        evacuation: { pollSeconds: 1 },
      },
    ],
    fenceDevices: Object.fromEntries(devices),
  };
}

/** Events that nobody can act on. LocalStack itself fails on JSON that is nested a thousand deep, so that is not among them. */
const NONSENSE: readonly string[] = [
  '{"specversion": "1.0", ',
  up('compute-2', { specversion: '9.9' }).body,
  up('compute-2', { type: 'host.exploded' }).body,
  up('no-such-host').body,
  up('compute-2', { data: { host: 'compute-2', cloud: 'another-cloud' } }).body,
  up('compute-2', { data: { host: 'compute-2', reason: 'x'.repeat(100_000) } }).body,
  up('compute-2', { time: '2001-01-01T00:00:00Z' }).body,
];

/** What an agent says of a host that is well. */
function up(host: string, changes: object = {}) {
  const id = randomUUID();
  const event = { specversion: '1.0', id, source: '/agents/test', type: 'host.up', data: { host } };
  return { host, id, body: JSON.stringify({ ...event, time: new Date().toISOString(), ...changes }) };
}
