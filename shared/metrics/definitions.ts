/**
 * Every metric of `GET /metrics`: names by Prometheus' conventions, with base units. What is shipped in docs/monitoring (alert
 * rules, dashboard) is held to this table by a test.
 */
export interface Definition {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

export const METRICS = {
  salvor_build_info: { type: 'gauge', help: 'Always 1.', labels: ['version'] },
  salvor_alive: {
    type: 'gauge',
    help: '1 while salvor can do its work: the same as its heartbeat goes by.',
    labels: [],
  },
  salvor_last_sweep_timestamp_seconds: { type: 'gauge', help: 'When sweep has run last.', labels: [] },
  salvor_last_nova_look_timestamp_seconds: { type: 'gauge', help: 'When Nova was seen last.', labels: [] },
  salvor_disarmed: {
    type: 'gauge',
    help: '1 for a segment that is switched off, or for all of salvor.',
    labels: ['segment'],
  },
  salvor_hosts: { type: 'gauge', help: 'Hosts by state.', labels: ['segment', 'state'] },
  salvor_hosts_not_fenceable: {
    type: 'gauge',
    help: 'Hosts that could not be fenced if they failed now.',
    labels: ['segment'],
  },
  salvor_segment_survives_one_failure: {
    type: 'gauge',
    help: '1 if the segment has room for any one of its hosts, as forecast.',
    labels: ['segment'],
  },
  salvor_incidents_open: { type: 'gauge', help: 'Open incidents of hosts by status.', labels: ['segment', 'status'] },
  salvor_other_incidents_open: {
    type: 'gauge',
    help: 'Open incidents of single instances, and of processes.',
    labels: ['kind'],
  },
  salvor_needs_a_person: { type: 'gauge', help: 'Things that stand still until a person has looked.', labels: [] },
  salvor_oldest_overdue_step_seconds: {
    type: 'gauge',
    help: 'By how much the next step is late that is late most; 0 if none is.',
    labels: [],
  },
  salvor_incidents_total: { type: 'counter', help: 'Ended incidents of hosts.', labels: ['segment', 'outcome'] },
  salvor_incident_duration_seconds: {
    type: 'histogram',
    help: 'From the first report of a host that was recovered, wholly or partly, to the end of its incident.',
    labels: ['segment'],
  },
  salvor_queue_messages: { type: 'gauge', help: 'Messages in the queues.', labels: ['queue', 'state'] },
  salvor_queue_oldest_message_seconds: {
    type: 'gauge',
    help: 'How long the oldest message waits that may be received; 0 if none does.',
    labels: ['queue'],
  },
  salvor_dead_letters: { type: 'gauge', help: 'Messages that failed too often.', labels: ['queue'] },
  salvor_reporter_last_heard_timestamp_seconds: {
    type: 'gauge',
    help: 'When a reporter was heard last, of whatever host. Read once a minute at most.',
    labels: ['reporter'],
  },
  salvor_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'When a certificate ends by which salvor reaches its cloud, or is reached.',
    labels: ['of', 'address'],
  },
  salvor_account_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'When the account ends by which salvor signs in; absent where nobody tells, or it has no end.',
    labels: [],
  },
  salvor_notices_delivered_total: { type: 'counter', help: 'Notices that a channel has taken.', labels: ['channel'] },
  salvor_notices_failed_total: { type: 'counter', help: 'Tries that a channel has not taken.', labels: ['channel'] },
  salvor_notices_lost_total: { type: 'counter', help: 'Notices that were given up.', labels: ['channel'] },
  salvor_channel_failing: { type: 'gauge', help: '1 while a channel takes nothing.', labels: ['channel'] },
  salvor_heartbeats_sent_total: { type: 'counter', help: 'Heartbeats that have arrived.', labels: [] },
} as const satisfies Record<string, Definition>;

export type MetricName = keyof typeof METRICS;

/** Seconds. A grace period is 180 as shipped; a large host takes an hour. */
export const DURATION_BUCKETS = [30, 60, 120, 180, 240, 300, 420, 600, 900, 1800, 3600, 7200] as const;
