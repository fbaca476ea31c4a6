import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { QUEUES, type QueueFunctionName, type QueueName, type ScheduleName, type WorkerName } from '#events/catalog.ts';
import { FUNCTIONS, type Functions } from '#infra/embedded/functions.ts';
import type { QueueFunction } from '#shared/lambda/queue-function.ts';
import type { Compute, FenceDevice, Fencing } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Call, Moment, Point, Step } from './points.ts';

/** A message that was received this often is in flight: another kill is put off, as its limit is 5 receives. */
const WORN_RECEIVES = 4;
const DELETE_WRITTEN_MS = 40;

interface Invocation {
  readonly name: WorkerName;
  /** The highest receive count among its messages. */
  readonly receives: number;
  loaded: boolean;
}

export interface Stopper {
  /** Called at every point; it does not return from one at which the process is to die. */
  readonly pass: (point: Point) => void;
  readonly isArmed: (point: Point) => boolean;
  readonly onWorn: (worn: boolean) => void;
}

export interface Stops {
  readonly functions: Functions;
  readonly wrap: (services: Services) => Services;
  readonly compute: (compute: Compute) => Compute;
  readonly fencing: (fencing: Fencing) => Fencing;
  /** Watches the deletes of the pollers. */
  readonly watchAcknowledgements: (client: SQSClient) => void;
  /** Whether a message in flight is near its limit of receives. */
  readonly worn: () => boolean;
}

/** Puts the points of `points.ts` around the real functions and their real services. */
export function stopsAt({ pass, isArmed, onWorn }: Stopper): Stops {
  const running = new AsyncLocalStorage<Invocation>();
  const inFlight = new Set<Invocation>();
  const worn = (): boolean => [...inFlight].some(({ receives }) => receives >= WORN_RECEIVES);

  const at = (step: Step): void => {
    const invocation = running.getStore();
    if (invocation !== undefined) pass(`${invocation.name}/${step}`);
  };
  const beforeLoad = (): void => {
    const invocation = running.getStore();
    if (invocation === undefined || invocation.loaded) return;
    invocation.loaded = true;
    at('before load');
  };
  const isArmedAt = (step: Step): boolean => {
    const invocation = running.getStore();
    return invocation !== undefined && isArmed(`${invocation.name}/${step}`);
  };

  async function invoke<T>(name: WorkerName, receives: number, work: () => Promise<T>): Promise<T> {
    const invocation = { name, receives, loaded: false };
    inFlight.add(invocation);
    if (receives >= WORN_RECEIVES) onWorn(worn());
    try {
      return await running.run(invocation, work);
    } finally {
      inFlight.delete(invocation);
      if (receives >= WORN_RECEIVES) onWorn(worn());
    }
  }

  const stoppingQueue = (name: QueueFunctionName): QueueFunction => {
    const { queue, handle } = FUNCTIONS[name];
    return {
      queue,
      handle: (services, records) => {
        const receives = records.map(({ attributes }) => Number(attributes.ApproximateReceiveCount));
        return invoke(name, Math.max(...receives), async () => {
          const failed = await handle(services, records);
          if (failed.length < records.length) at('before acknowledge');
          return failed;
        });
      },
    };
  };
  const stoppingSchedule = <Given extends readonly unknown[]>(
    name: ScheduleName,
    run: (...given: Given) => Promise<number>,
  ): ((...given: Given) => Promise<number>) => {
    return (...given) =>
      invoke(name, 0, async () => {
        const count = await run(...given);
        at('before acknowledge');
        return count;
      });
  };

  return {
    functions: {
      'receive-host-event': stoppingQueue('receive-host-event'),
      'confirm-host-down': stoppingQueue('confirm-host-down'),
      'fence-host': stoppingQueue('fence-host'),
      'plan-evacuation': stoppingQueue('plan-evacuation'),
      'evacuate-instance': stoppingQueue('evacuate-instance'),
      'follow-evacuations': stoppingQueue('follow-evacuations'),
      'return-host': stoppingQueue('return-host'),
      'maintain-host': stoppingQueue('maintain-host'),
      'recover-instance': stoppingQueue('recover-instance'),
      'recover-process': stoppingQueue('recover-process'),
      'obey-operator': stoppingQueue('obey-operator'),
      'watch-hosts': stoppingQueue('watch-hosts'),
      'receive-fence-answer': stoppingQueue('receive-fence-answer'),
      sweep: stoppingSchedule('sweep', FUNCTIONS.sweep),
      'mirror-inventory': stoppingSchedule('mirror-inventory', FUNCTIONS['mirror-inventory']),
      'survey-devices': stoppingSchedule('survey-devices', FUNCTIONS['survey-devices']),
      'mirror-instances': stoppingSchedule('mirror-instances', FUNCTIONS['mirror-instances']),
      notify: FUNCTIONS.notify,
    },
    wrap: (services) => {
      const { state, outbox } = services;
      const reading = <Given extends readonly unknown[], T>(read: (...given: Given) => Promise<T>) => {
        return (...given: Given): Promise<T> => {
          beforeLoad();
          return read(...given);
        };
      };
      return {
        ...services,
        state: {
          ...state,
          get: reading(state.get),
          query: reading(state.query),
          queryAudit: reading(state.queryAudit),
          due: reading(state.due),
          transact: async (writes) => {
            if (writes.length > 0) at('before commit');
            await state.transact(writes);
            if (writes.length > 0) at('after commit');
          },
        },
        outbox: {
          send: async (messages) => {
            if (messages.length > 0) at('before send');
            if (messages.length < 2 || !isArmedAt('amid send')) return outbox.send(messages);
            const half = Math.ceil(messages.length / 2);
            await outbox.send(messages.slice(0, half));
            at('amid send');
            await outbox.send(messages.slice(half));
          },
        },
      };
    },
    compute: (compute) => {
      const { services, service, hypervisors, aggregates, serverGroups, serversOn, server, image } = compute;
      const { evacuationsFrom, unfinishedMigrationsOf, serverActions, health } = compute;
      const { forceDown, evacuate, resetStateToActive, disableService, enableService, rebootHard } = compute;
      return {
        ...compute,
        services: calling('services', services),
        service: calling('service', service),
        hypervisors: calling('hypervisors', hypervisors),
        aggregates: calling('aggregates', aggregates),
        serverGroups: calling('serverGroups', serverGroups),
        serversOn: calling('serversOn', serversOn),
        server: calling('server', server),
        image: calling('image', image),
        evacuationsFrom: calling('evacuationsFrom', evacuationsFrom),
        unfinishedMigrationsOf: calling('unfinishedMigrationsOf', unfinishedMigrationsOf),
        serverActions: calling('serverActions', serverActions),
        health: calling('health', health),
        forceDown: calling('forceDown', forceDown),
        evacuate: calling('evacuate', evacuate),
        resetStateToActive: calling('resetStateToActive', resetStateToActive),
        disableService: calling('disableService', disableService),
        enableService: calling('enableService', enableService),
        rebootHard: calling('rebootHard', rebootHard),
      };
    },
    fencing: ({ device }) => ({
      device: async (config): Promise<FenceDevice> => {
        const { readPower, powerOff, powerOn } = await device(config);
        return {
          readPower: calling('readPower', readPower),
          powerOff: calling('powerOff', powerOff),
          powerOn,
        };
      },
    }),
    watchAcknowledgements: ({ middlewareStack }) => {
      middlewareStack.add(
        (next, { commandName }) =>
          async (given) => {
            const answer = await next(given);
            const { QueueUrl } = given.input as { readonly QueueUrl?: string };
            const queue = QueueUrl?.split('/').at(-1) as QueueName | undefined;
            if (commandName !== 'DeleteMessageBatchCommand' || queue === undefined || !(queue in QUEUES)) return answer;
            const point: Point = `${QUEUES[queue].function}/after acknowledge`;
            // The journal writes a delete a moment after its answer: a kill in between brings the message back.
            if (isArmed(point) && Math.random() < 0.5) await setTimeout(DELETE_WRITTEN_MS);
            pass(point);
            return answer;
          },
        { step: 'initialize', name: 'soak' },
      );
    },
    worn,
  };

  function calling<Given extends readonly unknown[], T>(call: Call, method: (...given: Given) => Promise<T>) {
    const moment: Moment = 'before';
    return (...given: Given): Promise<T> => {
      pass(`${call}/${moment}`);
      return method(...given);
    };
  }
}
