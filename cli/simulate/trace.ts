import type { DatedHappening } from './engine/log.ts';
import { START_MS } from './engine/simulation.ts';

/** Facts that fill a trace and explain nothing. */
const DULL = new Set(['task-planned', 'reported']);

/** What happened, for people: one line each, in virtual seconds. Undefined for what needs no line. */
export function lineOf(happening: DatedHappening): string | undefined {
  const text = textOf(happening);
  return text === undefined ? undefined : `${((happening.atMs - START_MS) / 1000).toFixed(2).padStart(9)} s  ${text}`;
}

function textOf(happening: DatedHappening): string | undefined {
  switch (happening.kind) {
    case 'fact': {
      const { kind, ...rest } = happening.fact;
      return kind === 'guest' && rest && 'what' in rest && rest.what !== 'DOUBLE'
        ? undefined
        : `world    ${kind} ${words(rest)}`;
    }
    case 'asked':
      return `asks     ${happening.request.act} ${happening.request.instanceId ?? ''} of ${happening.request.host} (request ${happening.request.id})`;
    case 'arrived':
      return `arrives  request ${happening.request.id}: ${happening.outcome}`;
    case 'answered':
      return undefined;
    case 'committed':
      return factsText(happening);
    case 'reported':
      return `report   ${happening.event.type} ${happening.event.data.host} by ${happening.event.source}`;
    case 'commanded':
      return `operator ${happening.command.type}`;
    case 'struck':
      return `FAULT    ${happening.strike.kind} of ${happening.strike.host} (${happening.strike.states.join(', ')})`;
    case 'person':
      return happening.act === 'ends the maintenance' ? undefined : `happens  ${happening.act} ${happening.host}`;
    case 'ended':
      return happening.how === 'done' ? undefined : `process  ${happening.invocation} ${happening.how}`;
    case 'dead-lettered':
      return `dead     message of ${happening.queue}`;
    case 'calm':
      return 'calm     nothing goes wrong any more';
    case 'logged':
      return happening.level === 'error' ? `error    ${happening.message}: ${happening.error}` : undefined;
    case 'halted':
      return happening.over ? 'happens  salvor goes on' : 'happens  all of salvor stands still';
    case 'services-tried':
      return happening.silent.length === 0 ? undefined : `tried    ${happening.silent.join(', ')} silent`;
    case 'services-read':
    case 'acknowledged':
    case 'began':
      return undefined;
  }
}

function factsText({ writes }: Extract<DatedHappening, { kind: 'committed' }>): string | undefined {
  const facts = writes.flatMap((write) => {
    if (write.kind !== 'append') return [];
    const { type, because, outcome } = write.body.fact as {
      readonly type: string;
      readonly because?: string;
      readonly outcome?: string;
    };
    if (DULL.has(type)) return [];
    const about = write.partition.startsWith('task#') ? ` ${write.partition.split('#')[2]?.slice(0, 8)}` : '';
    return [
      `${type}${about}${outcome === undefined ? '' : ` ${outcome}`}${because === undefined ? '' : ` (${because})`}`,
    ];
  });
  return facts.length === 0 ? undefined : `salvor   ${facts.join('; ')}`;
}

const words = (fields: object): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');

/** The last lines of what happened. */
export function traceOf(happenings: readonly DatedHappening[], lines: number): readonly string[] {
  const all = happenings.flatMap((happening) => lineOf(happening) ?? []);
  return all.length <= lines ? all : [`          … ${all.length - lines} lines before`, ...all.slice(-lines)];
}
