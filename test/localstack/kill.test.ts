import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { GetQueueAttributesCommand, SendMessageBatchCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { deadLetterQueueOf, type FunctionName, QUEUES, type QueueName } from '#events/catalog.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import { type Judgement, judge } from '../soak/judge.ts';
import { BYSTANDER, type Scene, setScene, VICTIMS } from '../soak/scene.ts';
import { commandLineOf } from './cli.ts';
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
const OPERATORS = 'operator-commands' satisfies QueueName;
const letterSchema = z.object({ body: z.string(), voidBecause: z.string().nullable(), done: z.boolean() });
const RESULT_FOLDER = '.salvor';

describeOnLocalStack('a deployed pipeline whose environments are killed and whose tables throttle', (localStack) => {
  const stage = `k${randomUUID().slice(0, 8)}`;
  const deployedName = (name: FunctionName): string => `salvor-${stage}-${name}`;
  const chaos: Chaos = chaosFor(deployedName);
  const said = new Set<string>();
  let scene: Scene;
  let deployed: Deployed;
  let proxy: AwsProxy;
  let judgement: Judgement;
  let deadLetters = 0;

  /** What an operator is told on the command line. */
  const salvor = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await commandLineOf(deployed, localStack)(...args);
    if (exitCode !== 0) throw new Error(`salvor ${args.join(' ')} failed: ${stderr}`);
    return stdout;
  };
  const incidents = () => Array.fromAsync(listIncidents(deployed.state));
  const setAttributes = (queue: QueueName, Attributes: Record<string, string>) =>
    deployed.sqs.send(new SetQueueAttributesCommand({ QueueUrl: deployed.queueUrl(queue), Attributes }));
  const say = async (queue: QueueName, messages: readonly object[]): Promise<void> => {
    const Entries = messages.map((message) => {
      const id = randomUUID();
      said.add(id);
      return { Id: id, MessageBody: JSON.stringify({ id, time: new Date().toISOString(), ...message }) };
    });
    await deployed.sqs.send(new SendMessageBatchCommand({ QueueUrl: deployed.queueUrl(queue), Entries }));
  };
  const report = (events: readonly object[]): Promise<void> =>
    say(
      'host-events',
      events.map((event) => ({ specversion: '1.0', ...event })),
    );
  const attributesOf = async (name: Parameters<Deployed['queueUrl']>[0]) => {
    const command = new GetQueueAttributesCommand({ QueueUrl: deployed.queueUrl(name), AttributeNames: ['All'] });
    return (await deployed.sqs.send(command)).Attributes ?? {};
  };

  beforeAll(async () => {
    scene = await setScene(1, chaos.cloud);
    // Dead letters are counted by who said them: nobody else speaks.
    const policy = { ...scene.policy, watch: { everySeconds: 0 } };
    deployed = await deployFor(scene.cloud, policy, stage, localStack);
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
    await report(['consul', 'pacemaker'].flatMap(down));
    const poll = { timeout: 150_000, interval: 500 };
    await expect.poll(() => deployed.messagesIn('host-events-dlq'), poll).toBe(said.size);
    expect(await deployed.messagesIn('host-events')).toBe(0);
    const letters = z.array(letterSchema).parse(JSON.parse(await salvor('redrive', '--json')));
    expect(new Set(letters.map(({ body }) => JSON.parse(body).id))).toEqual(said);
    expect(letters.map(({ voidBecause, done }) => voidBecause ?? done)).toEqual(letters.map(() => false));
    expect(await incidents()).toEqual([]);
    deadLetters = letters.length;
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
    expect(await salvor('redrive', '--go')).toContain(`${deadLetters} sent back, 0 void ones deleted`);
    const talk = setInterval(async () => {
      await report([{ type: 'process.down', source: '/agents/talk', data: { host: BYSTANDER, process: 'libvirtd' } }]);
      await say(OPERATORS, [{ type: 'arm', version: 1, by: 'talk', reason: 'talk' }]);
    }, TALK_EVERY_MS);
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
    judgement = await judge(scene, said, deployed.state, 0);
    mkdirSync(RESULT_FOLDER, { recursive: true });
    const { kills, throttledRequests } = chaos;
    const result = { ...judgement, kills: kills.length, killedAt: kills, throttledRequests, deadLetters };
    writeFileSync(`${RESULT_FOLDER}/soak-localstack.json`, `${JSON.stringify(result, null, 2)}\n`);
    expect(judgement).toMatchObject({ broken: [], eventsLost: 0, doubleEvacuations: 0, withoutProof: 0 });
  });
});
