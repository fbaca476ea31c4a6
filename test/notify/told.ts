import type { Notifier, Told } from '#shared/ports.ts';
import { aPolicy, type PolicyInput } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

const SETTINGS: PolicyInput['notify'] = {
  channels: { a: { type: 'slack', credentials: 'a' }, b: { type: 'slack', credentials: 'b' } },
  routes: [{ channels: ['a', 'b'], kinds: ['opened', 'fenced', 'closed'] }],
};

interface Sent {
  readonly channel: string;
  readonly id: string;
}

/** Whoever is told, over fakes: what came to which channel, in its order. */
export function setupTold(
  answer: (channel: string, index: number) => Told | Promise<Told> = () => ({ kind: 'taken', detail: '' }),
) {
  const sent: Sent[] = [];
  const notifier: Notifier = {
    tell: async (channel, { id }) => {
      const name = 'credentials' in channel ? (channel.credentials ?? '') : '';
      const told = await answer(name, sent.length);
      if (told.kind === 'taken') sent.push({ channel: name, id: id.replace(/^[^/]*/, '') });
      return told;
    },
    beat: async () => {
      beats += 1;
      return { kind: 'taken', detail: '' };
    },
  };
  let beats = 0;
  const fakes = fakeServices(aPolicy({ notify: SETTINGS }));
  let ids = 0;
  // Incidents are listed by the time in their ids.
  const id = (): string => {
    const time = fakes.clock.nowMs.toString(16).padStart(12, '0');
    ids += 1;
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(ids).padStart(12, '0')}`;
  };
  const services: FakeServices = Object.assign(fakes, { notifier, chance: { id, random: () => 0.5 } });
  return {
    services,
    sent,
    beats: () => beats,
    idsBy: (channel: string) => sent.filter((each) => each.channel === channel).map((each) => each.id),
  };
}
