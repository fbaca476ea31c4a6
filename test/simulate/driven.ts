import { chanceFor } from '#cli/simulate/engine/chance.ts';
import { Director } from '#cli/simulate/engine/director.ts';
import { Invocation } from '#cli/simulate/engine/invocation.ts';
import { Simulation, START_MS } from '#cli/simulate/engine/simulation.ts';
import type { PlannedFault } from '#cli/simulate/faults.ts';
import type { Random } from '#sim/random.ts';
import { aPolicy } from '../support/builders.ts';

const DAY_MS = 86_400_000;

export const aSimulation = (hosts: number): Simulation =>
  new Simulation({
    seed: 1,
    policy: aPolicy(),
    hosts: Array.from({ length: hosts }, (_, index) => ({ name: `compute-${index + 1}` })),
    world: { evacuationMs: 50, liveMigrationMs: DAY_MS, serviceDownSeconds: 2 },
  });

/** A function that runs for good, and calls ports when a test asks for it. */
export function aCaller(
  { scheduler, states, log }: Simulation,
  faults: readonly PlannedFault[] = [],
  random: Random = chanceFor(1, 'caller'),
): { readonly current: () => Invocation; readonly director: Director } {
  const now = () => scheduler.now();
  const onStrike = (strike: Parameters<ConstructorParameters<typeof Director>[0]['onStrike']>[0]) =>
    log.add({ kind: 'struck', strike });
  const director = new Director({ faults, noise: {}, states, now, startMs: START_MS, onStrike });
  const parts = { id: 1, name: 'sweep', hosts: [], timeoutMs: DAY_MS, random, scheduler, director } as const;
  const invocation = new Invocation({ ...parts, onKilled: () => undefined });
  return { current: () => invocation, director };
}

/** A fault that strikes every such call, until it is taken away. */
export const always = (kind: PlannedFault['kind'], host: string, sizeMs = 0): PlannedFault => ({
  kind,
  host,
  during: 'any',
  fromMs: 0,
  skip: 0,
  afterMs: 0,
  times: 1,
  forMs: 365 * DAY_MS,
  sizeMs,
});

/** Lets virtual time pass while a promise of a port waits, and no longer. */
export function driver(simulation: Simulation): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  const drive = async <T>(work: () => Promise<T>): Promise<T> => {
    let over = false;
    const promise = work().finally(() => {
      over = true;
    });
    promise.catch(() => undefined);
    await simulation.run(simulation.elapsedMs + DAY_MS, () => !over);
    return promise;
  };
  return (work) => {
    const mine = last.then(() => drive(work));
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** A port whose every call lets time pass until it is answered. */
export function driven<Port extends object>(port: Port, drive: ReturnType<typeof driver>): Port {
  return new Proxy(port, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return (...given: unknown[]) => drive(() => Promise.resolve(Reflect.apply(method, target, given)));
    },
  });
}
