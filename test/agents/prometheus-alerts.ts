/** Series of 70 minutes in promtool's notation, a value a minute: `1x70` stays 1. Time begins at 0 there. */
export type Series = Readonly<Record<string, string>>;

const DAYS = 86_400;

/** All that the alert rules look at, of a salvor that is well. */
export const WELL: Series = {
  'up{job="salvor"}': '1x70',
  salvor_alive: '1x70',
  'salvor_incidents_open{segment="az1",status="stopped"}': '0x70',
  'salvor_incidents_open{segment="az1",status="held"}': '0x70',
  'salvor_incidents_open{segment="az1",status="fencing"}': '0x70',
  'salvor_incidents_open{segment="az1",status="evacuating"}': '3x70',
  salvor_oldest_overdue_step_seconds: '0x70',
  'salvor_incidents_total{segment="az1",outcome="recovered"}': '0+1x70',
  'salvor_incidents_total{segment="az1",outcome="partly-recovered"}': '2x70',
  'salvor_disarmed{segment="az1"}': '0x70',
  'salvor_hosts_not_fenceable{segment="az1"}': '0x70',
  'salvor_segment_survives_one_failure{segment="az1"}': '1x70',
  'salvor_reporter_last_heard_timestamp_seconds{reporter="consul"}': '0x70',
  // It is heard at each look, or not at all: `salvor_alive` tells.
  'salvor_reporter_last_heard_timestamp_seconds{reporter="nova"}': `-${3 * DAYS}x70`,
  'salvor_queue_oldest_message_seconds{queue="fence-host"}': '3x70',
  'salvor_dead_letters{queue="fence-host"}': '0x70',
  'salvor_channel_failing{channel="night"}': '0x70',
  'salvor_notices_lost_total{channel="night"}': '4x70',
  'salvor_certificate_expiry_timestamp_seconds{of="keystone",address="a:5000"}': `${90 * DAYS}x70`,
  salvor_account_expiry_timestamp_seconds: `${90 * DAYS}x70`,
};

/** What is otherwise where an alert rings, by its name. */
export const ALERTS: Readonly<Record<string, Series>> = {
  SalvorGone: { 'up{job="salvor"}': '1x60 0x10' },
  SalvorNotAlive: { salvor_alive: '1x60 0x10' },
  SalvorNeedsAPerson: { 'salvor_incidents_open{segment="az1",status="stopped"}': '0x60 1x10' },
  SalvorHostHeld: { 'salvor_incidents_open{segment="az1",status="held"}': '0x60 1x10' },
  SalvorFencingSlow: { 'salvor_incidents_open{segment="az1",status="fencing"}': '0x60 1x10' },
  SalvorStepOverdue: { salvor_oldest_overdue_step_seconds: '0x60 150x10' },
  SalvorInstancesLeft: { 'salvor_incidents_total{segment="az1",outcome="partly-recovered"}': '2x60 3x10' },
  SalvorDisarmed: { 'salvor_disarmed{segment="az1"}': '0x50 1x20' },
  SalvorHostsNotFenceable: { 'salvor_hosts_not_fenceable{segment="az1"}': '0x50 2x20' },
  SalvorNoRoom: { 'salvor_segment_survives_one_failure{segment="az1"}': '1x30 0x40' },
  SalvorReporterSilent: { 'salvor_reporter_last_heard_timestamp_seconds{reporter="consul"}': `-${DAYS}x70` },
  SalvorQueueStands: { 'salvor_queue_oldest_message_seconds{queue="fence-host"}': '0x60 130x10' },
  SalvorDeadLetters: { 'salvor_dead_letters{queue="fence-host"}': '0x60 1x10' },
  SalvorPeopleNotTold: { 'salvor_channel_failing{channel="night"}': '0x60 1x10' },
  SalvorCertificateEnds: {
    'salvor_certificate_expiry_timestamp_seconds{of="keystone",address="a:5000"}': `${7 * DAYS}x70`,
  },
  SalvorAccountEnds: { salvor_account_expiry_timestamp_seconds: `${7 * DAYS}x70` },
};
