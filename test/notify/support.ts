import type { OutgoingNotice, Secrets } from '#shared/ports.ts';
import { NOW_MS } from '#test/support/builders.ts';

/** Of the tests alone. */
export const secretsOf = (all: Readonly<Record<string, Readonly<Record<string, string>>>>): Secrets => ({
  get: async (name) => {
    const found = all[name];
    if (found === undefined) throw new Error(`the test has no secret ${name}`);
    return found;
  },
});

export const aNotice = (overrides: Partial<OutgoingNotice> = {}): OutgoingNotice => ({
  id: 'incident-1/held/4',
  thread: 'incident-1',
  state: 'open',
  kind: 'held',
  severity: 'critical',
  atMs: NOW_MS,
  title: 'compute-1 is down and not recovered: it is held',
  body: 'segment-storm: 4 hosts are down. Segment az1.',
  incidentId: 'incident-1',
  host: 'compute-1',
  segment: 'az1',
  ask: null,
  approve: null,
  link: 'https://salvor.example/console/incidents/incident-1',
  ...overrides,
});
