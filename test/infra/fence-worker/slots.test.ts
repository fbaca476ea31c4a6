import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Slots } from '#infra/fence-worker/slots.ts';

/** Takes places, and tells which have begun. */
function board(slots: Slots) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (name: string, device: string, network = 'a', isUrgent = false): void => {
    void slots.take({ device, network, isUrgent }).then((end) => {
      begun.push(name);
      ends.set(name, end);
    });
  };
  return {
    ask,
    end: (name: string) => ends.get(name)?.(),
    begun: async () => {
      await setImmediate();
      return begun.join(' ');
    },
  };
}

it('never has two runs at one device, in whichever network it is said to be', async () => {
  const slots = new Slots(new Map());
  const { ask, end, begun } = board(slots);
  ask('1', 'x');
  ask('2', 'x', 'b');
  ask('3', 'y');
  expect(await begun()).toBe('1 3');
  expect([slots.running, slots.waiting]).toEqual([2, 1]);
  end('1');
  expect(await begun()).toBe('1 3 2');
});

it('has so many runs in a network as it may have, and lets no other network wait for it', async () => {
  const { ask, end, begun } = board(new Slots(new Map([['a', 2]])));
  for (const name of ['1', '2', '3', '4']) ask(name, name);
  ask('5', '5', 'b');
  expect(await begun()).toBe('1 2 5');
  end('2');
  expect(await begun()).toBe('1 2 5 3');
});

it('lets the urgent ones go before those that only read, in their own order', async () => {
  const { ask, end, begun } = board(new Slots(new Map([['a', 1]])));
  ask('1', '1');
  ask('2', '2');
  ask('off 1', '3', 'a', true);
  ask('off 2', '4', 'a', true);
  end('1');
  for (const name of ['1', 'off 1', 'off 2', '2']) {
    await begun();
    end(name);
  }
  expect(await begun()).toBe('1 off 1 off 2 2');
});
