import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Asked, Orders, Point, Said } from './points.ts';

const VICTIM = fileURLToPath(new URL('./victim.ts', import.meta.url));

type Ready = Extract<Said, { kind: 'ready' }>;
type Depths = Extract<Said, { kind: 'depths' }>;

/** One process of the pipeline, from its start to its end. */
export interface Life {
  /** Where events go; undefined until it is ready. */
  readonly ready: () => Ready | undefined;
  /** Whether a message in flight must not be received once more. */
  readonly worn: () => boolean;
  /** Kills it with SIGKILL, once; resolves when it is dead. Whether it was this call that killed it. */
  kill(point: Point): Promise<boolean>;
  /** Where it was killed; undefined when it ended as it was asked to. Rejects when it ended by itself. */
  readonly ended: Promise<Point | undefined>;
  disarm(): void;
  depths(): Promise<Depths>;
  /** Asks it to end; `ended` tells when. */
  end(): void;
  readonly readyMs: () => number | undefined;
}

export function startLife(orders: Orders): Life {
  const startedMs = performance.now();
  const child: ChildProcess = fork(VICTIM, {
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'salvor-soak-compiled') },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ask = (asked: Asked): void => void (child.connected && child.send(asked, () => undefined));
  let ready: Ready | undefined;
  let readyMs: number | undefined;
  let worn = false;
  let killedAt: Point | undefined;
  let asked = false;
  let failure = 'it ended by itself';
  const depths = new Set<(depths: Depths) => void>();
  const exited = once(child, 'exit');

  const kill = async (point: Point): Promise<boolean> => {
    const first = killedAt === undefined && !asked;
    if (first) {
      killedAt = point;
      child.kill('SIGKILL');
    }
    await exited;
    return first;
  };
  child.on('message', (said: Said) => {
    if (said.kind === 'ready') {
      ready = said;
      readyMs = performance.now() - startedMs;
    } else if (said.kind === 'worn') worn = said.worn;
    else if (said.kind === 'depths') {
      for (const resolve of depths) resolve(said);
      depths.clear();
    } else if (said.kind === 'failed') failure = said.error;
    else void kill(said.point);
  });
  ask({ kind: 'start', orders });
  return {
    ready: () => (killedAt === undefined ? ready : undefined),
    readyMs: () => readyMs,
    worn: () => worn,
    kill,
    ended: exited.then(() => {
      if (killedAt === undefined && !asked) throw new Error(`a victim was not killed: ${failure}`);
      return killedAt;
    }),
    disarm: () => ask({ kind: 'disarm' }),
    depths: () =>
      new Promise((resolve) => {
        depths.add(resolve);
        ask({ kind: 'depths' });
      }),
    end: () => {
      asked = true;
      ask({ kind: 'end' });
    },
  };
}
