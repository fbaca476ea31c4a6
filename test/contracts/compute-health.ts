import { expect, it } from 'vitest';
import type { Compute, NeededService } from '#shared/ports.ts';

interface Cloud {
  readonly compute: Compute;
  /** Silences a service until the answer is called. Absent where that can't be had. */
  readonly silence?: (service: NeededService) => () => void;
}

/** The part of the contract about the services that an evacuation needs. */
export function tellsHealth(made: () => Cloud): void {
  it('tells of each service that an evacuation needs that it answers', async () => {
    const health = await made().compute.health();
    expect(health.filter(({ answers }) => !answers)).toEqual([]);
    const named = health.map(({ service }) => service);
    expect(new Set(named).size).toBe(named.length);
    for (const service of ['keystone', 'nova', 'conductor', 'scheduler', 'placement', 'glance'] as const)
      expect(named).toContain(service);
  });

  it.for<NeededService>(['keystone', 'nova', 'conductor', 'scheduler', 'placement', 'glance', 'cinder', 'neutron'])(
    'tells of %s when it does not',
    async (service, { skip }) => {
      const { silence } = made();
      if (silence === undefined) return skip('services can not be silenced here');
      const speak = silence(service);
      const health = await made().compute.health();
      speak();
      expect(health.find((each) => each.service === service)).toMatchObject({
        answers: false,
        detail: expect.stringMatching(/./),
      });
      const others = health.filter((each) => each.service !== service && !each.answers).map((each) => each.service);
      expect(others).toEqual(service === 'nova' ? ['conductor', 'scheduler'] : []);
      expect((await made().compute.health()).filter(({ answers }) => !answers)).toEqual([]);
    },
  );
}
