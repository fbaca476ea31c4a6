import type { Exchange } from '#shared/http/transport.ts';
import { jsonOf, retryAfterMs } from '../answers.ts';
import { textOf } from './messages.ts';
import { taskSchema } from './schema.ts';
import { pathOf } from './session.ts';
import type { Visit } from './visit.ts';

/** `over`: it has done what was asked, or nothing more is to be learned of it. */
export type TaskSight =
  | { readonly kind: 'runs'; readonly pauseMs: number }
  | { readonly kind: 'over' }
  | { readonly kind: 'failed'; readonly status: number | undefined; readonly said: string };

/** DSP0268, Task.TaskState: those in which it ended otherwise than asked, and those in which it goes on. */
const FAILED = ['Exception', 'Killed', 'Cancelled', 'Interrupted'];
const RUNS = ['New', 'Starting', 'Running', 'Suspended', 'Pending', 'Stopping', 'Service', 'Cancelling'];

/** What watches the work that a 202 announces (DSP0266, "Asynchronous operations"); undefined when nothing does. */
export function monitorOf({ headers, body }: Extract<Exchange, { kind: 'answer' }>): string | undefined {
  const task = taskSchema.safeParse(jsonOf(body)).data;
  const isTask = task?.['@odata.type']?.includes('Task.') === true;
  return pathOf(headers.location) ?? task?.TaskMonitor ?? (isTask ? task['@odata.id'] : undefined);
}

/** A monitor answers 202 while the work goes on and then as the work itself would have; some show the task throughout. */
export async function lookAtTask(visit: Visit, monitor: string): Promise<TaskSight> {
  const seen = await visit.look(monitor);
  if (seen.kind !== 'answer') return { kind: 'over' };
  const { status, headers, body } = seen;
  const runs: TaskSight = { kind: 'runs', pauseMs: retryAfterMs(headers['retry-after']) ?? 0 };
  const task = taskSchema.safeParse(jsonOf(body)).data;
  if (task?.TaskState !== undefined && FAILED.includes(task.TaskState)) {
    const why = textOf(task.Messages ?? []);
    return { kind: 'failed', status: undefined, said: `its task ended as ${task.TaskState}${why && `: ${why}`}` };
  }
  if (status === 202 || status === 503 || status === 429) return runs;
  if (task?.TaskState !== undefined && RUNS.includes(task.TaskState)) return runs;
  if (status < 400 || status === 404 || status === 410) return { kind: 'over' };
  return { kind: 'failed', status, said: `its task answered ${status}: ${visit.messageOf(body)}` };
}
