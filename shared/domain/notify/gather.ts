import { noticeKind } from '../policy-notify.ts';
import type { OpenThread, Thing, Together } from './crowd.ts';
import type { Notice } from './notice.ts';
import { togetherWords } from './together-words.ts';

/** Of one kind people are told in one notice. */
export const kindOf = ({ kind, severity, state }: Notice): string => `${kind} ${severity} ${state}`;

/**
 * One notice for each kind: routes go by it. One thing is no crowd: its trouble is told as ever, with its link to approve, and
 * so is the end of that if it has come by now.
 */
export function gathered(
  waiting: readonly Thing[],
  rest: ReadonlyMap<string, readonly Notice[]>,
  group: readonly Thing[],
  open: readonly OpenThread[],
  nowMs: number,
): { readonly made: readonly Together[]; readonly ofOne: ReadonlyMap<string, readonly Notice[]> } {
  const down = group.filter(({ isOpen }) => isOpen).length;
  const parts = waiting.flatMap((thing) =>
    (rest.get(thing.id) ?? []).map((notice) => {
      const thread = threadOf(thing, notice, open, nowMs);
      return { thing, notice, thread, key: `${kindOf(notice)} ${thread}` };
    }),
  );
  const sizes = Map.groupBy(parts, ({ key }) => key);
  const isLone = ({ notice, key }: (typeof parts)[number]) => notice.state === 'open' && sizes.get(key)?.length === 1;
  const lone = new Set(parts.filter(isLone).map(({ thing }) => thing.id));
  const isAlone = (part: (typeof parts)[number]) =>
    isLone(part) ||
    (part.notice.state !== 'open' && lone.has(part.thing.id) && !open.some(({ thread }) => thread === part.thread));
  const order = noticeKind.options;
  const made = [
    ...Map.groupBy(
      parts.filter((part) => !isAlone(part)),
      ({ key }) => key,
    ).values(),
  ]
    .flatMap((alike): readonly Together[] => {
      const [first] = alike;
      if (first === undefined) return [];
      const { thing, notice, thread } = first;
      const about = { of: thing.of, segment: thing.segment, down, names: alike.map((each) => each.thing.name) };
      const id = `${thread}/${notice.kind}/${notice.state}/${nowMs}`;
      return [
        {
          of: thing.of,
          members: alike.map((each) => ({ id: each.thing.id, notice: each.notice })),
          notice: togetherWords(about, { ...notice, id, thread, atMs: nowMs }),
        },
      ];
    })
    .sort((a, b) => order.indexOf(a.notice.kind) - order.indexOf(b.notice.kind));
  const alone = Map.groupBy(parts.filter(isAlone), ({ thing }) => thing.id);
  return { made, ofOne: new Map([...alone].map(([id, own]) => [id, own.map(({ notice }) => notice)])) };
}

/** What is left of incidents that have ended nobody ends but a person: a thread of its own. */
const threadNamed = (
  { of, segment }: Pick<Thing, 'of' | 'segment'>,
  { kind, severity }: Notice,
  nowMs: number,
): string => `${of}s-${segment}-${nowMs}-${kind === 'closed' ? 'closed-' : ''}${severity}`;

/**
 * What wakes people is a trouble of its own each time: who has taken the one before as his is not called again for it. What
 * does not is one trouble as long as it lasts. That a person acts belongs to what he was called for.
 */
function threadOf(thing: Thing, notice: Notice, open: readonly OpenThread[], nowMs: number): string {
  const own = open.filter(({ of, segment }) => of === thing.of && segment === thing.segment);
  const critical = own.filter(({ isCritical, thread }) => isCritical && thing.crowd.threads.includes(thread));
  if (notice.state === 'acknowledged') return critical.at(-1)?.thread ?? threadNamed(thing, notice, nowMs);
  const lasting =
    notice.state === 'open' && notice.severity !== 'critical' ? own.find((each) => !each.isCritical) : undefined;
  return lasting?.thread ?? threadNamed(thing, notice, nowMs);
}
