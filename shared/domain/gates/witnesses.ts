import { percentOf } from '../guards.ts';
import { sourceInWords, sourcesOf } from '../reporters.ts';
import { countingDownClaims } from '../reports.ts';
import { standingsOf } from '../standings.ts';
import type { Evidence } from './evidence.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

const downSources = ({ claims, atMs }: Evidence, { segment, policy }: Rules) =>
  sourcesOf(countingDownClaims(claims, segment.reporters.claimTtlSeconds, atMs), policy.reporterGroups);

/** Sources, not names: two names of one source are one. */
export function reportersGate(evidence: Evidence, rules: Rules): GateResult {
  const { required } = rules.segment.reporters;
  const down = downSources(evidence, rules);
  return gate(
    'reporters',
    down.length >= required,
    `${down.length} of ${required} needed say down: ${down.map(sourceInWords).join(', ') || 'nobody'}${others(evidence, rules)}`,
  );
}

const TOLD_AT_MOST = 5;

/** Whose word does not count, and why: who is woken must see who disagrees. */
function others({ claims, atMs }: Evidence, { segment }: Rules): string {
  const uncounted = standingsOf(claims, segment.reporters.claimTtlSeconds, atMs)
    .filter(({ standing }) => standing !== 'counts')
    .map(({ reporter, standing }) => `${reporter} (${standing})`);
  if (uncounted.length === 0) return '';
  const more = uncounted.length > TOLD_AT_MOST ? ` and ${uncounted.length - TOLD_AT_MOST} more` : '';
  return `; not counted: ${uncounted.slice(0, TOLD_AT_MOST).join(', ')}${more}`;
}

/** Who calls a large part of all hosts dead at once has lost its own sight: its word does not count. */
export function cliffGate(evidence: Evidence, rules: Rules): GateResult {
  const { required, maxAccusedPercent, maxAccusedHosts } = rules.segment.reporters;
  const { hosts } = evidence.ofAll;
  const down = downSources(evidence, rules).map(({ name }) => {
    const accused = evidence.accusations.find(({ source }) => source === name)?.hosts ?? 1;
    const percent = percentOf(accused, hosts);
    const words = `${name} says down of ${accused} of ${hosts} hosts (${percent} %)`;
    return { words, discounted: accused > maxAccusedHosts && percent > maxAccusedPercent };
  });
  const left = down.filter(({ discounted }) => !discounted);
  const discounted = down.filter((each) => each.discounted);
  const limits = `at most ${maxAccusedPercent} %, or ${maxAccusedHosts} hosts`;
  const because =
    discounted.length === 0
      ? `nobody is discounted (${limits}): ${left.map(({ words }) => words).join(', ') || 'nobody says down'}`
      : `discounted (${limits}): ${discounted.map(({ words }) => words).join(', ')}; ${left.length} of ${required} needed are left`;
  return gate('reporter-cliff', discounted.length === 0 || left.length >= required, because);
}

export function novaGate({ service }: Evidence, { segment }: Rules): GateResult {
  const state = service === null ? 'unknown' : service.forcedDown ? 'forced down' : service.state;
  const open = !segment.requireNovaDown || state === 'down' || state === 'forced down';
  return gate(
    'nova-sees-it-down',
    open,
    `Nova sees the service ${state}; asked for: ${segment.requireNovaDown ? 'down' : 'nothing'}`,
  );
}
