import { expect, it } from 'vitest';
import { OneAtATime, Shared } from '#shared/api/one-at-a-time.ts';
import { FakeClock } from '#test/support/fakes.ts';

it('does one piece of work after the other, those behind one that fails too, and sends away whoever would wait too long', async () => {
  const queue = new OneAtATime();
  let under = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  const work = (fails: boolean) => async () => {
    under += 1;
    most = Math.max(most, under);
    await gate.promise;
    under -= 1;
    if (fails) throw new Error('planned');
    return 'done';
  };
  const eight = Array.from({ length: 8 }, (_, at) => queue.run(work(at === 0)));
  await expect(queue.run(work(false))).rejects.toMatchObject({ status: 503 });
  gate.resolve();
  const ended = await Promise.allSettled(eight);
  expect(ended.map(({ status }) => status)).toEqual(['rejected', ...Array(7).fill('fulfilled')]);
  expect(most).toBe(1);
  expect(await queue.run(work(false))).toBe('done');
});

it('lets others have their turn between two pieces that never wait', async () => {
  const queue = new OneAtATime();
  const order: string[] = [];
  const piece = async () => void order.push('piece');
  setImmediate(() => order.push('fencing'));
  await Promise.all([queue.run(piece), queue.run(piece), queue.run(piece)]);
  expect(order.indexOf('fencing')).toBeLessThan(2);
});

it('keeps an answer for a while, of some questions, and no failure', async () => {
  const clock = new FakeClock();
  const shared = new Shared<number>(new OneAtATime(), 1000, clock);
  let runs = 0;
  const run = async () => (runs += 1);
  expect(await Promise.all([shared.get('a', run), shared.get('a', run), shared.get('b', run)])).toEqual([1, 1, 2]);
  clock.nowMs += 1000;
  expect(await shared.get('a', run)).toBe(3);
  const fail = async () => {
    throw new Error('planned');
  };
  await expect(shared.get('c', fail)).rejects.toThrow('planned');
  expect(await shared.get('c', run)).toBe(4);
  for (let question = 0; question < 50; question += 1) await shared.get(`more ${question}`, run);
  expect(await shared.get('c', run)).toBeGreaterThan(50);
});
