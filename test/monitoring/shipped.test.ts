/** What is shipped for Prometheus and Grafana: each query parses, and asks for metrics and labels that salvor has. */
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { type Definition, METRICS } from '#shared/metrics/definitions.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Salvor[A-Z]\w+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});
const rules = rulesSchema.parse(parse(read('docs/monitoring/alerts.rules.yml'))).groups.flatMap((group) => group.rules);

const dashboardSchema = z.looseObject({
  uid: z.literal('salvor'),
  panels: z.array(z.looseObject({ title: z.string(), targets: z.array(z.looseObject({ expr: z.string() })).min(1) })),
});
const { panels } = dashboardSchema.parse(JSON.parse(read('docs/monitoring/grafana-dashboard.json')));

interface Query {
  readonly faults: readonly string[];
  readonly metrics: readonly string[];
  /** Of matchers and groupings. */
  readonly labels: readonly string[];
}

function queryOf(text: string): Query {
  const [faults, metrics, labels]: [string[], string[], string[]] = [[], [], []];
  parser.parse(text).iterate({
    enter: ({ type, from, to, node }) => {
      const said = text.slice(from, to);
      if (type.isError) faults.push(`at ${from}: ${said}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(said);
      if (type.name === 'LabelName') labels.push(said);
    },
  });
  return { faults, metrics, labels };
}

const definitions: Readonly<Record<string, Definition>> = METRICS;
/** A histogram is three metrics. */
const definitionOf = (name: string): Definition | undefined =>
  definitions[name] ?? definitions[name.replace(/_(bucket|sum|count)$/, '')];
/** What Prometheus itself has. */
const ITS_OWN = { metrics: ['up'], labels: ['job', 'instance', 'le'] };

const QUERIES = [
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [`panel ${title}`, expr] as const)),
];

describe.each(QUERIES)('%s: %s', (_, expr) => {
  const { faults, metrics, labels } = queryOf(expr);

  it('parses', () => expect(faults).toEqual([]));
  it('asks for metrics that there are', () => {
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((name) => !ITS_OWN.metrics.includes(name) && definitionOf(name) === undefined)).toEqual([]);
  });
  it('asks for labels that they have', () => {
    const known = [...ITS_OWN.labels, ...metrics.flatMap((name) => definitionOf(name)?.labels ?? [])];
    expect(labels.filter((label) => !known.includes(label))).toEqual([]);
  });
});

describe('alert rules', () => {
  const runbook = read('infra/RUNBOOK.md');
  const anchors = new Set(
    [...runbook.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );

  it.each(rules)(
    '$alert leads to a chapter of the runbook, and fills in labels that it has',
    ({ expr, annotations }) => {
      expect(anchors).toContain(annotations.runbook);
      const has = queryOf(expr).metrics.flatMap((name) => definitionOf(name)?.labels ?? []);
      const said = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
      expect(said.filter((label) => !has.includes(label ?? ''))).toEqual([]);
    },
  );

  it('have names of their own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

it('every metric is in a panel or an alert, but the version', () => {
  const asked = new Set(
    QUERIES.flatMap(([, expr]) => queryOf(expr).metrics.map((name) => name.replace(/_bucket$/, ''))),
  );
  const left = Object.keys(METRICS).filter((name) => !asked.has(name));
  expect(left).toEqual(['salvor_build_info', 'salvor_other_incidents_open', 'salvor_heartbeats_sent_total']);
});

it('a query that is wrong is found', () => {
  expect(queryOf('sum by (x) (salvor_nothing{y="1"}').faults).not.toEqual([]);
  expect(queryOf('sum by (x) (salvor_nothing{y="1"})')).toEqual({
    faults: [],
    metrics: ['salvor_nothing'],
    labels: ['x', 'y'],
  });
});
