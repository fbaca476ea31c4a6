import type { FakeServices } from './fakes.ts';

type Before = (call: number) => Promise<void> | void;

/** The same services; `before` is waited for before each call of a port, and is given the call's number. */
export function withEachCall(services: FakeServices, before: Before): FakeServices {
  let calls = 0;
  const next = async (): Promise<void> => {
    calls += 1;
    await before(calls - 1);
  };
  const device = calling(services.cloud.device, next);
  return {
    ...services,
    state: calling(services.state, next),
    outbox: calling(services.outbox, next, ['send']),
    compute: calling(services.compute, next),
    fencing: { device: async () => device },
  };
}

function calling<T extends object>(port: T, before: () => Promise<void>, names?: readonly string[]): T {
  return new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || (names !== undefined && !names.includes(String(name)))) return value;
      return async (...given: readonly unknown[]): Promise<unknown> => {
        await before();
        return Reflect.apply(value, target, given);
      };
    },
  });
}
