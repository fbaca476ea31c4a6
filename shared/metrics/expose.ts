import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { QueueLook } from '#shared/ports.ts';
import { VERSION } from '#shared/version.ts';
import { DURATION_BUCKETS, METRICS, type MetricName } from './definitions.ts';
import type { Snapshot } from './snapshot.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number, labels?: Labels];

/** A snapshot in Prometheus' text format. Nothing is kept between two scrapes: each is as the record is. */
export async function exposed(snapshot: Snapshot, queues: readonly QueueLook[]): Promise<string> {
  const registry = new Registry();
  for (const [name, samples] of samplesOf(snapshot, queues)) {
    const { type, help, labels } = METRICS[name];
    // Without labels the library says 0 of what nobody knows: an end in 1970 would ring.
    if (labels.length === 0 && samples.length === 0) continue;
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    if (type === 'histogram') {
      const histogram = new Histogram({ ...options, buckets: [...DURATION_BUCKETS] });
      for (const [value, of = {}] of samples) histogram.observe({ ...of }, value);
    } else if (type === 'counter') {
      const counter = new Counter(options);
      for (const [value, of = {}] of samples) counter.inc({ ...of }, value);
    } else {
      const gauge = new Gauge(options);
      for (const [value, of = {}] of samples) gauge.inc({ ...of }, value);
    }
  }
  return registry.metrics();
}

const toSeconds = (ms: number): number => ms / 1000;

function samplesOf(
  { now, pulse, looked, access, oldestOverdueMs, ended, heard, channels, heartbeat }: Snapshot,
  queues: readonly QueueLook[],
): ReadonlyMap<MetricName, readonly Sample[]> {
  const { segments, incidents, others, disarmed, needs, beat, hosts } = now;
  const inSegments = (value: (row: (typeof segments)[number]) => number | null): readonly Sample[] =>
    segments.flatMap((row): readonly Sample[] => {
      const found = value(row);
      return found === null ? [] : [[found, { segment: row.segment }]];
    });
  const ofChannels = (value: (each: (typeof channels)[number]) => number): readonly Sample[] =>
    channels.map((each) => [value(each), { channel: each.name }]);
  const all: { readonly [N in MetricName]: readonly Sample[] } = {
    salvor_build_info: [[1, { version: VERSION }]],
    salvor_alive: [[pulse.alive ? 1 : 0]],
    salvor_last_sweep_timestamp_seconds: beat === null ? [] : [[toSeconds(beat.lastMs)]],
    salvor_last_nova_look_timestamp_seconds: looked === undefined ? [] : [[toSeconds(looked.atMs)]],
    salvor_disarmed: [
      [disarmed.some(({ name }) => name === 'global') ? 1 : 0, { segment: '' }],
      ...inSegments((row) => (row.disarmed ? 1 : 0)),
    ],
    salvor_hosts: hosts.map(({ segment, state }) => [1, { segment: segment ?? '', state }]),
    salvor_hosts_not_fenceable: inSegments(({ notFenceable }) => notFenceable),
    salvor_segment_survives_one_failure: inSegments(({ survivesOne }) =>
      survivesOne === null ? null : Number(survivesOne),
    ),
    salvor_incidents_open: [
      // A segment without one says 0: an alert on it can end.
      ...segments.map(({ segment }): Sample => [0, { segment, status: 'suspected' }]),
      ...incidents.map(({ segment, status }): Sample => [1, { segment, status }]),
    ],
    salvor_other_incidents_open: [
      [others.instances, { kind: 'instance' }],
      [others.processes, { kind: 'process' }],
    ],
    salvor_needs_a_person: [[needs.length]],
    salvor_oldest_overdue_step_seconds: [[toSeconds(oldestOverdueMs)]],
    salvor_incidents_total: ended.map(({ segment, outcome }) => [1, { segment, outcome: outcome ?? '' }]),
    salvor_incident_duration_seconds: ended.flatMap(
      ({ segment, outcome, openedAtMs, closedAtMs }): readonly Sample[] =>
        closedAtMs !== null && (outcome === 'recovered' || outcome === 'partly-recovered')
          ? [[toSeconds(closedAtMs - openedAtMs), { segment }]]
          : [],
    ),
    salvor_queue_messages: queues.flatMap(({ name: queue, waiting, inFlight, delayed }): readonly Sample[] => [
      [waiting, { queue, state: 'waiting' }],
      [inFlight, { queue, state: 'in_flight' }],
      [delayed, { queue, state: 'delayed' }],
    ]),
    salvor_queue_oldest_message_seconds: queues.map(({ name: queue, oldestAtMs }) => [
      oldestAtMs === null ? 0 : Math.max(0, toSeconds(now.atMs - oldestAtMs)),
      { queue },
    ]),
    salvor_dead_letters: queues.map(({ name: queue, deadLetters }) => [deadLetters, { queue }]),
    salvor_reporter_last_heard_timestamp_seconds: [...heard].map(([reporter, atMs]) => [toSeconds(atMs), { reporter }]),
    salvor_certificate_expiry_timestamp_seconds: (access?.certificates ?? []).map(({ of, address, expiresAtMs }) => [
      toSeconds(expiresAtMs),
      { of, address },
    ]),
    salvor_account_expiry_timestamp_seconds:
      access?.account?.endsAtMs == null ? [] : [[toSeconds(access.account.endsAtMs)]],
    salvor_notices_delivered_total: ofChannels(({ taken }) => taken),
    salvor_notices_failed_total: ofChannels(({ failed }) => failed),
    salvor_notices_lost_total: ofChannels(({ lost }) => lost),
    salvor_channel_failing: ofChannels(({ failingSinceMs }) => (failingSinceMs === null ? 0 : 1)),
    salvor_heartbeats_sent_total: [[heartbeat.taken]],
  };
  return new Map(Object.entries(all) as [MetricName, readonly Sample[]][]);
}
