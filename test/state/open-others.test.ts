import { expect, it, vi } from 'vitest';
import { openInstances } from '#shared/state/instances.ts';
import { put } from '#shared/state/items.ts';
import { openKey, openOthers } from '#shared/state/open-others.ts';
import { openProcesses } from '#shared/state/processes.ts';
import { HOST_KEY, uuid } from '#test/support/builders.ts';
import { fakeServices } from '#test/support/fakes.ts';

it('lists instances and hosts apart, and both by one query', async () => {
  const { state } = fakeServices();
  const instance = { instanceId: uuid(1, 1), hostKey: HOST_KEY, segment: 'az-nova' };
  await state.transact([
    put(openKey('instance', instance.instanceId), 'absent', instance),
    put(openKey('process', HOST_KEY), 'absent', { host: 'compute-1' }),
  ]);
  expect(await openInstances(state)).toEqual([instance]);
  expect(await openProcesses(state)).toEqual([HOST_KEY]);

  const query = vi.spyOn(state, 'query');
  expect(await openOthers(state)).toEqual({ instance: [instance.instanceId], process: [HOST_KEY] });
  expect(query).toHaveBeenCalledTimes(1);
  state.close();
});
