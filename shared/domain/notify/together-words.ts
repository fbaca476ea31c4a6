import type { NoticeKind } from '../policy-notify.ts';
import type { OpenThread } from './crowd.ts';
import { type Notice, short, worded } from './notice.ts';

/** What of: a host, a single instance, or the processes of a host. */
export type Of = 'host' | 'instance' | 'process';

interface About {
  readonly of: Of;
  readonly segment: string;
  readonly names: readonly string[];
  /** Of that kind and segment whose trouble lasts. */
  readonly down: number;
}

/** As many as a phone shows. */
const NAMED = 10;
const EXAMPLE_LENGTH = 220;
const NAMES_LENGTH = 250;

const PLURAL: Readonly<Record<Of, string>> = {
  host: 'hosts',
  instance: 'instances',
  process: 'hosts',
};

const WHAT: Readonly<Record<Exclude<NoticeKind, 'closed'>, string>> = {
  opened: 'are said to be down',
  held: 'are down and not recovered: they are held',
  'needs-a-person': 'need a person',
  fenced: 'are fenced',
  'person-acted': 'are in the hands of a person',
  instance: 'are back, or not in trouble any more',
  process: 'are in trouble with their processes',
  alarm: 'are in trouble',
};

const WELL = 'have their processes back';

const ofClosed = (state: Notice['state']): string =>
  state === 'over' ? 'have ended' : 'have ended, and instances are left';

/** @param notice of one of them, under the id and the thread of all */
export function togetherWords({ of, segment, names, down }: About, notice: Notice): Notice {
  const { kind, state, body } = notice;
  if (names.length === 1) return { ...notice, ask: null };
  const what = kind === 'closed' ? ofClosed(state) : kind === 'process' && state === 'over' ? WELL : WHAT[kind];
  const count = `${names.length} ${PLURAL[of]}`;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const all = down > 0 ? ` ${down} ${PLURAL[of]} of it are in trouble now.` : '';
  return worded({
    ...notice,
    title: `${count} of segment ${segment} ${what}`,
    body: `${short(names.slice(0, NAMED).join(', '), NAMES_LENGTH)}${more}.${all} ${short(`${names[0]}: ${body}`, EXAMPLE_LENGTH)}`,
    incidentId: null,
    host: null,
    segment,
    // A link approves one thing: its reader looks at the console for so many.
    ask: null,
  });
}

export const overWords = ({ thread, of, segment, title }: OpenThread, nowMs: number): Notice =>
  worded({
    id: `${thread}/over`,
    thread,
    state: 'over',
    kind: 'closed',
    severity: 'info',
    atMs: nowMs,
    title: `Over: ${title}`,
    body: `None of these ${PLURAL[of]} is in this trouble any more. What has become of each stands in the console.`,
    incidentId: null,
    host: null,
    segment,
    ask: null,
  });
