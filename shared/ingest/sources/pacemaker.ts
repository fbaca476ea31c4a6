import * as z from 'zod';
import type { HostEvent } from '#events/host-event.ts';
import { eventOf, hostName, type Mapper, read } from './source.ts';

/**
 * The environment of a Pacemaker alert agent, as `agents/pacemaker-alert.sh` posts it: every value is a text.
 * https://clusterlabs.org/projects/pacemaker/doc/2.1/Pacemaker_Explained/html/alerts.html
 */
const text = z.string().max(4096).optional();
const alert = z.object({
  CRM_alert_kind: z.enum(['node', 'fencing', 'resource', 'attribute']),
  CRM_alert_node: z.string().max(255),
  CRM_alert_timestamp_epoch: z
    .string()
    .regex(/^\d{1,11}$/)
    .optional(),
  CRM_alert_timestamp_usec: z
    .string()
    .regex(/^\d{1,6}$/)
    .optional(),
  CRM_alert_desc: text,
  CRM_alert_rc: text,
  CRM_alert_target_rc: text,
  CRM_alert_status: text,
  CRM_alert_interval: text,
  CRM_alert_task: text,
  CRM_alert_rsc: text,
  /** The cluster node that ran the alert agent: each runs it for the same happening. */
  SALVOR_SENDER: z.string().max(255).optional(),
  /** `0` when its partition of the cluster has no quorum: to the one that is cut off, all others are lost. */
  SALVOR_QUORATE: z.string().max(8).optional(),
});
type Alert = z.infer<typeof alert>;

/** `status` of a resource alert whose operation was only cancelled. */
const CANCELLED = '1';

/** A fencing that Pacemaker calls successful is a word for people, never a fence proof: salvor reads the device itself. */
export const pacemaker: Mapper = (body, { nowMs }) => {
  const told = read(alert, body, 'the environment of a Pacemaker alert');
  const { CRM_alert_kind: kind, CRM_alert_desc: desc, CRM_alert_task: task } = told;
  const host = hostName(told.CRM_alert_node);
  const nothing = (why: string) => ({
    events: [],
    ignored: [`${kind} alert of ${host ?? 'no node'}: ${why}`.slice(0, 300)],
  });
  if (host === undefined) return nothing('it names no node');
  const says = wordOf(told);
  if ('nothing' in says) return nothing(says.nothing);
  const { type, reason, process } = says;
  const timeMs = timeOfAlert(told) ?? nowMs;
  const id = [told.SALVOR_SENDER ?? '', kind, host, process ?? '', task ?? '', desc ?? '', timeMs].join('/');
  const source = `/pacemaker/${told.SALVOR_SENDER ?? ''}`;
  const event = eventOf({ type, id, source, host, timeMs, reason, ...(process === undefined ? {} : { process }) });
  return { events: [event], ignored: [] };
};

type Word =
  | { readonly type: HostEvent['type']; readonly reason: string; readonly process?: string }
  | { readonly nothing: string };

function wordOf(told: Alert): Word {
  const desc = told.CRM_alert_desc ?? '';
  const task = told.CRM_alert_task ?? '';
  switch (told.CRM_alert_kind) {
    case 'node':
      if (desc === 'lost' && told.SALVOR_QUORATE === '0') return { nothing: 'lost, says a partition without quorum' };
      if (desc === 'lost') return { type: 'host.down', reason: 'the cluster has lost the node' };
      if (desc === 'member') return { type: 'host.up', reason: 'the node is a member of the cluster' };
      return { nothing: `${desc} is no state of a node` };
    case 'fencing':
      // `task` is only the name of Pacemaker's notification.
      if (told.CRM_alert_rc !== '0' || !/^Operation (off|reboot) of /.test(desc)) return { nothing: desc };
      return { type: 'host.down', reason: `Pacemaker says that it has fenced the node (no proof): ${desc}` };
    case 'resource':
      return resourceWord(told, desc, task);
    case 'attribute':
      return { nothing: 'a node attribute has changed' };
  }
}

function resourceWord(told: Alert, desc: string, task: string): Word {
  const { CRM_alert_rsc: process = '', CRM_alert_rc: rc = '', CRM_alert_target_rc: target = '' } = told;
  const probe = task === 'monitor' && told.CRM_alert_interval === '0';
  if (process === '' || rc === target || told.CRM_alert_status === CANCELLED || probe)
    return { nothing: `${task} of ${process}: ${desc}` };
  return {
    type: 'process.down',
    reason: `${task} of ${process} ended with ${rc}: ${desc}`,
    process: process.slice(0, 255),
  };
}

/** Pacemaker before 2.1 tells no fraction. */
function timeOfAlert({ CRM_alert_timestamp_epoch: epoch, CRM_alert_timestamp_usec: usec }: Alert): number | undefined {
  return epoch === undefined ? undefined : Number(epoch) * 1000 + Math.floor(Number(usec ?? '0') / 1000);
}
