import type { Policy } from '#shared/domain/policy.ts';
import { REFUSED_SUBJECT } from '#shared/domain/reporter.ts';
import { type ReporterRow, reporterRows } from '#shared/domain/reporter-summary.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { type Judged, listReports } from '#shared/state/list-reports.ts';
import type { Parked } from '#shared/state/parked.ts';

/** Who reports, and of whom anybody has. */
export interface ReportersView {
  /** The newest first. */
  readonly reports: readonly ReporterRow[];
  /** What reporters said and might not say, or said too often. */
  readonly refused: readonly Parked[];
  /** Reporters of the policy that were never heard. */
  readonly unheard: readonly string[];
  /** Of each host that a segment holds; none without a policy. */
  readonly coverage: readonly Coverage[];
}

/** Who has been heard of one host, by what is on record. Who only speaks when a host fails is not heard before. */
export interface Coverage {
  readonly host: string;
  readonly segment: string;
  /** Those that were heard and are not silent; Nova too where it is watched. */
  readonly heard: readonly string[];
  /** Those of them that send heartbeats, whose silence is a report. */
  readonly beating: number;
  /** So many must agree before it is fenced. */
  readonly required: number;
}

/** As the policy has it by default, for hosts of which nothing is on record that tells it. */
const DEFAULT_TTL_SECONDS = 900;

/** Reads whole tables: for people, never for work. */
export async function reportersNow(
  state: StateReader,
  policy: Policy | undefined,
  nowMs: number,
): Promise<ReportersView> {
  const reports = await listReports(state);
  const { refused, judgedBy } = reports;
  const rows = reporterRows(reports, (each) => ttlOf(judgedBy.get(each.key), policy), nowMs);
  const refusedNames = refused.map(({ subject }) => subject.slice(REFUSED_SUBJECT.length));
  const heard = new Set([...rows.map(({ reporter }) => reporter), ...refusedNames]);
  return {
    reports: rows,
    refused,
    // A relay speaks in the names of others.
    unheard: Object.entries(policy?.reporters ?? {}).flatMap(([name, { relay }]) =>
      relay || heard.has(name) ? [] : [name],
    ),
    coverage: policy === undefined ? [] : await coverageOf(state, rows, policy),
  };
}

async function coverageOf(
  state: StateReader,
  rows: readonly ReporterRow[],
  { cloud, segments, watch }: Policy,
): Promise<readonly Coverage[]> {
  const inventory = await loadInventory(state, cloud.name, cloud.region);
  const byHost = Map.groupBy(
    rows.filter(({ remarks }) => !remarks.some((each) => each.startsWith('silent'))),
    ({ host }) => host,
  );
  const nova = watch.nova && watch.everySeconds > 0 ? ['nova'] : [];
  return inventory.flatMap(({ value: { host, segment } }) => {
    if (segment === null) return [];
    const own = byHost.get(host) ?? [];
    const required = segments.find(({ name }) => name === segment)?.reporters.required ?? 1;
    const heard = [...new Set([...nova, ...own.map(({ reporter }) => reporter)])].sort();
    const beating = new Set(own.filter(({ says }) => says === 'beats').map(({ reporter }) => reporter)).size;
    return [{ host, segment, heard, beating, required }];
  });
}

/** By the policy that was given, else by the one on record. */
export const ttlOf = (judged: Judged | undefined, policy: Policy | undefined = judged?.policy): number =>
  policy?.segments.find(({ name }) => name === judged?.segment)?.reporters.claimTtlSeconds ?? DEFAULT_TTL_SECONDS;
