import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deadLetterQueueOf, type FunctionName, QUEUES, type QueueName } from '#events/catalog.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import { type Judgement, judge } from '../soak/judge.ts';
import { BYSTANDER, type Scene, setScene, VICTIMS } from '../soak/scene.ts';
import { type Deployed, deployFor } from './deployed.ts';
import { type AwsProxy, startAwsProxy } from './kill/aws-proxy.ts';
import { type Chaos, chaosFor } from './kill/chaos.ts';
import { invoke, setVariables } from './kill/environments.ts';
import { describeOnLocalStack } from './suite.ts';

const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];
/** What was killed comes again after this, instead of after six times its function's timeout. */
const VISIBILITY_SECONDS = 5;
const RECOVERED_WITHIN_MS = 600_000;
/** Instead of the catalogue's 5, once a message has shown what becomes of it there: it may be killed at every point. */
const RECEIVES_OF_THE_KILLED = 20;
const TALK_EVERY_MS = 1_000;
const RESULT_FOLDER = '.salvor';

describeOnLocalStack('a deployed pipeline whose environments are killed and whose tables throttle', (localStack) => {
  const stage = `k${randomUUID().slice(0, 8)}`;
  const deployedName = (name: FunctionName): string => `salvor-${stage}-${name}`;
  const chaos: Chaos = chaosFor(deployedName);
  const reported = new Set<string>();
  let scene: Scene;
  let deployed: Deployed;
  let proxy: AwsProxy;
  let judgement: Judgement;
  let deadLetters = 0;

  const incidents = () => Array.fromAsync(listIncidents(deployed.state));
  const setAttributes = (queue: QueueName, Attributes: Record<string, string>) =>
    deployed.sqs.send(new SetQueueAttributesCommand({ QueueUrl: deployed.queueUrl(queue), Attributes }));
  const report = async (events: readonly object[]): Promise<void> => {
    const Entries = events.map((event) => {
      const id = randomUUID();
      reported.add(id);
      const time = new Date().toISOString();
      return { Id: id, MessageBody: JSON.stringify({ specversion: '1.0', id, time, ...event }) };
    });
    await deployed.sqs.send(new SendMessageBatchCommand({ QueueUrl: deployed.queueUrl('host-events'), Entries }));
  };
  const attributesOf = async (name: Parameters<Deployed['queueUrl']>[0]) => {
    const command = new GetQueueAttributesCommand({ QueueUrl: deployed.queueUrl(name), AttributeNames: ['All'] });
    return (await deployed.sqs.send(command)).Attributes ?? {};
  };

  beforeAll(async () => {
    scene = await setScene(1, chaos.cloud);
    deployed = await deployFor(scene.cloud, scene.policy, stage, localStack);
    proxy = startAwsProxy(localStack.endpoint, chaos.aws);
    for (const queue of QUEUE_NAMES) {
      await setAttributes(queue, { VisibilityTimeout: String(VISIBILITY_SECONDS) });
      const name = QUEUES[queue].function;
      const endpoint = await proxy.endpointFor(name);
      const variables = { AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_ENDPOINT_URL_SQS: endpoint };
      await setVariables(localStack.endpoint, deployedName(name), variables);
    }
    await invoke(localStack.endpoint, deployedName('mirror-inventory'));
  });
  afterAll(async () => {
    await deployed?.destroy();
    await proxy?.close();
    await scene?.cloud.stop();
  });

  it('puts reports that the tables never take into the dead letters, in plain sight', {
    timeout: 180_000,
  }, async () => {
    chaos.throttle(1, 'receive-host-event');
    for (const host of VICTIMS) scene.cloud.killHost(host, { leaveGuestsRunning: true });
    const down = (source: string) =>
      VICTIMS.map((host) => ({ type: 'host.down', source: `/agents/${source}`, data: { host } }));
    await report(['consul', 'pacemaker', 'alertmanager'].flatMap(down));
    const poll = { timeout: 150_000, interval: 500 };
    await expect.poll(() => deployed.messagesIn('host-events-dlq'), poll).toBe(reported.size);
    expect(await deployed.messagesIn('host-events')).toBe(0);
    const peek = { QueueUrl: deployed.queueUrl('host-events-dlq'), VisibilityTimeout: 0, MaxNumberOfMessages: 10 };
    const { Messages = [] } = await deployed.sqs.send(new ReceiveMessageCommand(peek));
    expect(new Set(Messages.map(({ Body }) => JSON.parse(Body ?? '').id))).toEqual(reported);
    expect(await incidents()).toEqual([]);
    deadLetters = Messages.length;
    expect(chaos.throttledRequests).toBeGreaterThan(0);
  });

  it('goes on when they are redriven, through kills at each step and each request', {
    timeout: RECOVERED_WITHIN_MS + 60_000,
  }, async () => {
    for (const queue of QUEUE_NAMES) {
      const { RedrivePolicy = '{}' } = await attributesOf(queue);
      const policy = { ...JSON.parse(RedrivePolicy), maxReceiveCount: RECEIVES_OF_THE_KILLED };
      await setAttributes(queue, { RedrivePolicy: JSON.stringify(policy) });
    }
    chaos.throttle(0.2);
    chaos.arm();
    const { QueueArn: SourceArn } = await attributesOf('host-events-dlq');
    await deployed.sqs.send(new StartMessageMoveTaskCommand({ SourceArn }));
    const talk = setInterval(
      () => report([{ type: 'process.down', source: '/agents/talk', data: { host: BYSTANDER, process: 'libvirtd' } }]),
      TALK_EVERY_MS,
    );
    const closed = async () => (await incidents()).filter(({ outcome }) => outcome === 'recovered').length;
    await expect.poll(closed, { timeout: RECOVERED_WITHIN_MS, interval: 1_000 }).toBe(VICTIMS.length);
    clearInterval(talk);
    expect([...chaos.remaining]).toEqual([]);
  });

  it('left nothing in any queue, and no dead letter', { timeout: 120_000 }, async () => {
    chaos.throttle(0);
    for (const name of QUEUE_NAMES) {
      await expect.poll(() => deployed.messagesIn(name), { timeout: 60_000, interval: 500 }).toBe(0);
      expect(await deployed.messagesIn(deadLetterQueueOf(name)), name).toBe(0);
    }
  });

  it('lost no event, evacuated nothing twice and nothing without proof, by what the cloud itself has logged', async () => {
    judgement = await judge(scene, reported, deployed.state);
    mkdirSync(RESULT_FOLDER, { recursive: true });
    const { kills, throttledRequests } = chaos;
    const result = { ...judgement, kills: kills.length, killedAt: kills, throttledRequests, deadLetters };
    writeFileSync(`${RESULT_FOLDER}/soak-localstack.json`, `${JSON.stringify(result, null, 2)}\n`);
    expect(judgement).toMatchObject({ broken: [], eventsLost: 0, doubleEvacuations: 0, withoutProof: 0 });
  });
});
