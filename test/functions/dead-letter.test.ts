import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QUEUES } from '#events/catalog.ts';
import { obeyOperator } from '#functions/obey-operator.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { judgeLetter } from '#shared/shell/dead-letter.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { listParked } from '#shared/state/parked.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { anEvent, aPolicy, HOST_KEY, INSTANCE_ID, iso, uuid } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
let pipeline: Pipeline;

beforeEach(async () => {
  services = fakeServices(aPolicy({}, { graceSeconds: 30 }));
  pipeline = new Pipeline(services);
  await pipeline.start();
});
afterEach(() => services.state.close());

describe('a message that fails for the last time', () => {
  const fails = eachMessage('fence-host', () => Promise.reject(new Error('no such table')));
  const step = { type: 'fence-host', version: 1, hostKey: HOST_KEY, incidentId: uuid(1, 1), tick: 3 };
  const parked = () => Array.fromAsync(listParked(services.state));
  const { maxReceiveCount } = QUEUES['fence-host'];

  it('is noted with the reason, for whoever finds it in the dead-letter queue', async () => {
    const record = aRecord(step, { receives: maxReceiveCount });
    expect(await fails.handle(services, [record])).toEqual([record.messageId]);
    expect(await parked()).toMatchObject([
      { subject: 'fence-host-dlq', because: 'after 5 tries: no such table', sample: record.body },
    ]);
  });

  it('is not noted before', async () => {
    await fails.handle(services, [aRecord(step, { receives: maxReceiveCount - 1 })]);
    expect(await parked()).toEqual([]);
  });

  it('is noted once when two of the same fail at the same moment', async () => {
    const [one, another] = [aRecord(step, { receives: maxReceiveCount }), aRecord(step, { receives: maxReceiveCount })];
    await Promise.all([fails.handle(services, [one]), fails.handle(services, [another])]);
    expect(await parked()).toMatchObject([{ subject: 'fence-host-dlq' }]);
    expect(services.lines).not.toContainEqual(expect.objectContaining({ message: 'a dead letter could not be noted' }));
  });

  it('comes again, though the store is what fails', async () => {
    services.state.faults.plan('fails');
    const record = aRecord(step, { receives: maxReceiveCount });
    expect(await fails.handle(services, [record])).toEqual([record.messageId]);
    expect(services.lines).toContainEqual(expect.objectContaining({ message: 'a dead letter could not be noted' }));
  });

  it('is noted by the function that works on a whole batch, too', async () => {
    services.state.faults.plan('fails');
    const record = aRecord(anEvent(), { receives: QUEUES['host-events'].maxReceiveCount });
    expect(await receiveHostEvent.handle(services, [record])).toEqual([record.messageId]);
    expect(await parked()).toMatchObject([{ subject: 'host-events-dlq' }]);
  });
});

describe('a dead letter', () => {
  const judge = (queue: Parameters<typeof judgeLetter>[1], body: unknown) =>
    judgeLetter(services.state, queue, typeof body === 'string' ? body : JSON.stringify(body));
  const step = async (tick?: number) => {
    const incident = (await loadHost(services.state, HOST_KEY))?.value.incident;
    const common = { version: 1, hostKey: HOST_KEY, incidentId: incident?.id ?? uuid(1, 1) };
    return { type: 'confirm-host-down', ...common, tick: tick ?? incident?.tick ?? 0 };
  };

  it('is sent back while its step is still to be taken', async () => {
    pipeline.report();
    await pipeline.run(10);
    const about = 'step 0 of compute-1, which is suspected';
    expect(await judge('confirm-host-down', await step())).toEqual({ about, voidBecause: null });
  });

  it('is void once its step was taken', async () => {
    pipeline.report();
    await pipeline.run(10);
    const old = await step();
    services.cloud.novaIsAway = true;
    await pipeline.run(60);
    const voidBecause = expect.stringMatching(/^its step was taken: the incident is held, at step \d+$/);
    expect(await judge('confirm-host-down', old)).toEqual({ about: 'step 0 of compute-1', voidBecause });
  });

  it('is void once its incident has ended', async () => {
    pipeline.report();
    await pipeline.run(10);
    const old = await step();
    await pipeline.run();
    const ended = { voidBecause: 'its incident has ended' };
    expect(await judge('confirm-host-down', old)).toMatchObject(ended);
    const { incidentId } = old;
    const [task] = await loadTasks(services.state, incidentId);
    const attempt = {
      type: 'evacuate-instance',
      version: 1,
      hostKey: HOST_KEY,
      incidentId,
      instanceId: task?.value.instanceId,
      attempt: 1,
    };
    expect(await judge('evacuate-instance', attempt)).toMatchObject(ended);
  });

  it('about an attempt is void unless it is granted still', async () => {
    let granted: unknown;
    services.cloud.during = async (action) => {
      if (!action.startsWith('evacuate') || granted !== undefined) return;
      const { incidentId } = await step();
      const attempt = (instanceId: string) =>
        judge('evacuate-instance', {
          type: 'evacuate-instance',
          version: 1,
          hostKey: HOST_KEY,
          incidentId,
          instanceId,
          attempt: 1,
        });
      granted = await Promise.all([attempt(action.split(' ')[1] ?? ''), attempt(INSTANCE_ID.replace(/1$/, '3'))]);
    };
    pipeline.report();
    await pipeline.run();
    expect(granted).toMatchObject([
      { voidBecause: 'the task is requested: the attempt is over or was sent' },
      { voidBecause: null },
    ]);
  });

  it('with what an agent said is sent back: its receiver knows repeats, and what is too old', async () => {
    const about = `host.down of compute-1 by /monitor/a, ${iso(services.clock.now())}`;
    expect(await judge('host-events', anEvent())).toEqual({ about, voidBecause: null });
  });

  it('of an operator is void once it was obeyed or refused', async () => {
    const command = aCommand('disarm', { time: iso(services.clock.now()) });
    expect(await judge('operator-commands', command)).toMatchObject({ voidBecause: null });
    await obeyOperator.handle(services, [aRecord(command)]);
    expect(await judge('operator-commands', command)).toMatchObject({
      voidBecause: 'it was obeyed already: disarmed until it is armed',
    });
  });

  it.each(['no JSON', '{}'])('that is not understood is sent back, to be parked: %s', async (body) => {
    expect(await judge('fence-host', body)).toEqual({
      about: 'not a message of this queue: it would be parked',
      voidBecause: null,
    });
  });
});
