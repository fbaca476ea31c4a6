/** Many who ask for much at the same moment: one after the other, or one answer for all. */
import { expect, it } from 'vitest';
import { entrySchema } from '#shared/api/schemas/entry.ts';
import { asking } from './asked-of-a-pipeline.ts';

const withAnIncident = async () => {
  const api = await asking();
  api.pipeline.report();
  await api.pipeline.run(900);
  const [entry] = entrySchema.array().parse(await (await api.get('incidents')).json());
  if (entry === undefined) throw new Error('there is no incident');
  return { api, id: entry.id };
};
const statuses = async (count: number, ask: () => Promise<Response>) =>
  (await Promise.all(Array.from({ length: count }, ask))).map(({ status }) => status).sort();

it('read the history and the log of an incident one after the other, and replay it so', async () => {
  const { api, id } = await withAnIncident();
  for (const path of ['history', `incidents/${id}/audit`])
    expect(await statuses(60, () => api.get(path))).toEqual([...Array(50).fill(200), ...Array(10).fill(503)]);
  const replays = await statuses(10, () => api.post(`incidents/${id}/replay`, {}));
  expect(replays).toEqual([...Array(8).fill(200), 503, 503]);
});

it('have the hosts read once', async () => {
  const { api } = await withAnIncident();
  const { state, clock } = api.services;
  const { reads } = await state.counted(() => api.get('hosts'));
  clock.nowMs += 1000;
  const ofAll = await state.counted(() => statuses(60, () => api.get('hosts')));
  expect(reads).toBeGreaterThan(0);
  expect(ofAll.reads).toBe(reads);
});
