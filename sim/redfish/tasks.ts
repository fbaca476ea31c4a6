import type { Context, Hono } from 'hono';
import type { World } from '../world/world.ts';
import type { RedfishEnv } from './parts.ts';

interface Task {
  readonly id: string;
  readonly endsAtMs: number;
  readonly fails: boolean;
}

/** Work that goes on after its 202 (DSP0266, "Asynchronous operations"). */
export class Tasks {
  readonly #world: World;
  readonly #tasks = new Map<string, Task>();

  constructor(world: World) {
    this.#world = world;
  }

  start(c: Context<RedfishEnv>, delayMs: number, fails: boolean, work: () => void): Response {
    const { clock, random } = this.#world;
    const task: Task = { id: random.hex(8), endsAtMs: clock.now() + delayMs, fails };
    this.#tasks.set(task.id, task);
    if (!fails) clock.after(delayMs, work);
    c.header('location', monitorPath(task));
    return c.json(this.#body(task), 202);
  }

  routes(api: Hono<RedfishEnv>, prefix: string): void {
    api.get(`${prefix}/v1/TaskService/TaskMonitors/:id`, (c) => {
      const task = this.#tasks.get(c.req.param('id'));
      if (task === undefined) return c.notFound();
      if (this.#isOver(task) && !task.fails) return c.body(null, 204);
      return c.json(this.#body(task), this.#isOver(task) ? 200 : 202);
    });
  }

  #isOver({ endsAtMs }: Task): boolean {
    return this.#world.clock.now() >= endsAtMs;
  }

  #body(task: Task): object {
    const state = this.#isOver(task) ? (task.fails ? 'Exception' : 'Completed') : 'Running';
    const messages = [{ MessageId: 'Base.1.5.InternalError', Message: 'The power stays on.' }];
    return {
      '@odata.id': `/redfish/v1/TaskService/Tasks/${task.id}`,
      '@odata.type': '#Task.v1_4_0.Task',
      Id: task.id,
      Name: 'Reset',
      TaskState: state,
      TaskMonitor: monitorPath(task),
      Messages: state === 'Exception' ? messages : [],
    };
  }
}

const monitorPath = ({ id }: Task): string => `/redfish/v1/TaskService/TaskMonitors/${id}`;
