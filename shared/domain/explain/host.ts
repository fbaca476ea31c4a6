import type { AuditRecord } from '../audit.ts';
import type { Disarmed } from '../guards.ts';
import type { HostFact, HostState, Incident } from '../host.ts';
import type { HostReadiness } from '../readiness.ts';
import { explainClosed } from './closed.ts';
import { explainOpen } from './open.ts';
import { type Explanation, iso, type Paragraph, paragraph } from './words.ts';

/** What is known of a host, for a person who asks why it was or was not fenced. Times are Unix ms. */
export interface HostToExplain {
  readonly name: string;
  /** The one segment that holds it, by the mirror of Nova. */
  readonly segment: string | null;
  /** Why none does. */
  readonly because: string;
  /** Undefined: nobody has said anything of it yet, and nothing was done to it. */
  readonly state: HostState | undefined;
  /** Undefined: its devices were never asked. */
  readonly readiness: HostReadiness | undefined;
  /** Of its segment, and of everything. */
  readonly disarmed: readonly { readonly what: string; readonly disarmed: Disarmed }[];
  /** Of the open incident, or else of the last one; none without either. */
  readonly incident: readonly AuditRecord[];
  /** Of the host's own stream. */
  readonly reports: readonly AuditRecord[];
}

/** Why a host was or was not fenced, in sentences that hold every number that counted. */
export function explainHost(host: HostToExplain, nowMs: number): Explanation {
  const { state, name } = host;
  const open: Incident | null = state?.incident ?? null;
  const facts = host.incident.map(({ fact }) => fact as unknown as HostFact);
  const told =
    open !== null
      ? explainOpen(name, open, facts, nowMs)
      : state?.lastIncident
        ? explainClosed(name, state.lastIncident, facts)
        : { verdict: `Nothing was done to ${name}: it never had an incident.`, paragraphs: [] };
  return { host: name, verdict: told.verdict, paragraphs: [...told.paragraphs, ...standing(host, nowMs)] };
}

/** What holds whether there is an incident or not. */
function standing(host: HostToExplain, nowMs: number): readonly Paragraph[] {
  return [
    paragraph('Who says what of it', claimsOf(host.state, host.reports, nowMs)),
    paragraph(host.state?.incident ? 'Its segment and its devices' : 'If it failed now', [
      host.segment === null
        ? `No segment protects it, so that it would not be fenced: ${host.because}.`
        : `It is in the segment ${host.segment}.`,
      ...host.disarmed.map(
        ({ what, disarmed: { by, reason, untilMs } }) =>
          `Nothing would be done: ${what} is disarmed by ${by} (${reason})${untilMs === null ? '' : `, until ${iso(untilMs)}`}.`,
      ),
      ...maintenanceOf(host.state),
      ...(host.segment === null ? [] : readinessOf(host.readiness)),
    ]),
  ].filter(({ sentences }) => sentences.length > 0);
}

function claimsOf(state: HostState | undefined, reports: readonly AuditRecord[], nowMs: number): readonly string[] {
  const claims = Object.entries(state?.claims ?? {}).sort(([, a], [, b]) => b.receivedAtMs - a.receivedAtMs);
  const said = claims.map(([reporter, { says, receivedAtMs, overruled }]) => {
    const but = overruled === true ? ', and an operator has overruled it' : '';
    return `${reporter} said ${says} at ${iso(receivedAtMs)} (${ago(nowMs - receivedAtMs)})${but}.`;
  });
  const doubted = reports
    .map(({ fact }) => fact as unknown as HostFact)
    .findLast((fact) => fact.type === 'not-believed');
  return [
    ...(said.length === 0 ? ['No reporter has said anything of it that counts.'] : said),
    ...(doubted?.type === 'not-believed'
      ? [`${doubted.reporter} was not believed at ${iso(doubted.occurredAtMs)}: ${doubted.because}.`]
      : []),
  ];
}

function maintenanceOf(state: HostState | undefined): readonly string[] {
  const { maintenance = null } = state ?? {};
  return maintenance === null
    ? []
    : [
        `It would be left alone: ${maintenance.by} works on it (${maintenance.reason}), since ${iso(maintenance.sinceMs)}.`,
      ];
}

function readinessOf(readiness: HostReadiness | undefined): readonly string[] {
  if (readiness === undefined) return ['Whether it could be fenced is not known: its devices were not asked yet.'];
  const { state, sinceMs, because, devices } = readiness;
  const could = {
    ready: 'It could be fenced',
    degraded: 'It could be fenced, though not by all of its devices',
    'not-ready': 'It could NOT be fenced, so that its instances would wait',
    'not-asked': 'Its devices are not asked',
  }[state];
  return [
    `${could} (${state} since ${iso(sinceMs)}): ${because}.`,
    ...devices
      .filter(({ trouble }) => trouble !== null)
      .map(({ address, trouble, because: why }) => `${address}: ${trouble}, ${why}.`),
  ];
}

/** How long ago, in the largest unit that tells it. */
function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}
