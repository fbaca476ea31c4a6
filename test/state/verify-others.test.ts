/** Nothing in the streams of instances and processes can be altered, left out, put in or reordered without being noticed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { streamOfInstance, streamOfProcesses } from '#shared/domain/audit.ts';
import type { JsonObject } from '#shared/ports.ts';
import { headsNow } from '#shared/state/checkpoints.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { HOST_KEY, INSTANCE_ID } from '#test/support/builders.ts';
import { CopiedStore } from '#test/support/copied-store.ts';
import { FakeClock, type FakeServices } from '#test/support/fakes.ts';
import { runOthers } from '#test/support/recorded-others.ts';

let services: FakeServices;
let whole: CopiedStore;
beforeAll(async () => {
  services = await runOthers();
  whole = await CopiedStore.of(services.state);
});
afterAll(() => services.state.close());

const STREAMS = [streamOfInstance(INSTANCE_ID), streamOfProcesses(HOST_KEY)] as const;

async function findingsOf(spoil: (store: CopiedStore) => void): Promise<readonly string[]> {
  const store = whole.copy();
  spoil(store);
  const { findings } = await verifyAudit(store, new FakeClock());
  return findings.map(({ stream, what }) => `${stream}: ${what}`);
}

const bodyAt = (items: CopiedStore['items'], partition: string, at: number): { [key: string]: unknown } => {
  const item = items.get(partition)?.at(at);
  if (item === undefined) throw new Error(`nothing is at ${at} of ${partition}`);
  return item.body as { [key: string]: unknown };
};

it('finds nothing wrong with what nobody touched, and counts it', async () => {
  expect(await verifyAudit(whole, new FakeClock())).toMatchObject({ findings: [], instances: 1, processes: 1 });
});

it('tells a checkpoint how far they have come', async () => {
  const heads = await headsNow(whole);
  for (const stream of STREAMS) expect(heads.get(stream)?.seq).toBe(whole.audit.get(stream)?.length);
});

describe.each(STREAMS)('in %s it notices', (stream) => {
  it('a changed fact', async () => {
    const found = await findingsOf(({ audit }) => {
      (bodyAt(audit, stream, 2).fact as { [key: string]: unknown }).because = 'forged';
    });
    expect(found.join()).toContain('record 3 was changed');
  });

  it('a record that is left out, and a cut tail', async () => {
    expect((await findingsOf(({ audit }) => audit.get(stream)?.splice(3, 1))).join()).toContain('record 4 is missing');
    expect((await findingsOf(({ audit }) => audit.get(stream)?.pop())).join()).toContain('its tail is missing');
  });

  it('that all of it is gone, or the state of it', async () => {
    expect((await findingsOf(({ audit }) => audit.delete(stream))).join()).toContain(stream);
    expect((await findingsOf(({ items }) => items.delete(stream))).join()).toContain('the state knows nothing of it');
  });
});

describe.each(['instance-incidents', 'process-incidents'])('in the list %s it notices', (list) => {
  it('that another end is told', async () => {
    const found = await findingsOf(({ items }) => {
      bodyAt(items, list, 0).outcome = 'left';
    });
    expect(found.join()).toContain('its entry tells another outcome');
  });

  it('that an open one is told to be closed', async () => {
    const found = await findingsOf(({ items }) => {
      Object.assign(bodyAt(items, list, -1), { closedAtMs: 1, outcome: 'left' });
    });
    expect(found.join()).toContain('its log another thing');
  });

  it('another end of its stream, a line that is gone, and one that was put in', async () => {
    const head: JsonObject = { seq: 1, hash: 'x' };
    expect(
      (
        await findingsOf(({ items }) => {
          bodyAt(items, list, 0).auditHead = head;
        })
      ).join(),
    ).toContain('another end');
    expect((await findingsOf(({ items }) => items.get(list)?.shift())).join()).toContain('nothing is left');
    const found = await findingsOf(({ items }) => {
      const [first] = structuredClone(items.get(list) ?? []);
      if (first === undefined) throw new Error('the list is empty');
      items.get(list)?.push({ ...first, sort: 'forged', body: { ...first.body, id: 'forged' } });
    });
    expect(found.join()).toContain('an incident forged');
  });
});
