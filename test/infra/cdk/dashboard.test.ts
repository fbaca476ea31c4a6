import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES } from '#infra/bundle.ts';
import { type Join, queuesOf, type Reference, resourcesOf, synthesize } from './support.ts';

const { template } = synthesize();
const [dashboard] = [...resourcesOf<DashboardProperties>(template, 'AWS::CloudWatch::Dashboard').values()].map(
  ({ Properties }) => Properties,
);
const alarms = [...resourcesOf<object>(template, 'AWS::CloudWatch::Alarm').keys()];
const metrics = [...resourcesOf<MetricFilterProperties>(template, 'AWS::Logs::MetricFilter').values()].flatMap(
  ({ Properties }) => Properties.MetricTransformations.map(({ MetricName }) => MetricName),
);

interface DashboardProperties {
  readonly DashboardName: string;
  readonly DashboardBody: Join;
}
interface MetricFilterProperties {
  readonly MetricTransformations: readonly { readonly MetricName: string }[];
}

/** The part of a text that is filled in when the stack is deployed. */
const refOf = (part: Reference): string => part['Fn::GetAtt']?.[0] ?? part.Ref ?? '';

const parts = dashboard?.DashboardBody['Fn::Join'][1] ?? [];
const body = JSON.parse(parts.map((part) => (typeof part === 'string' ? part : refOf(part))).join('')) as {
  readonly widgets: readonly { readonly properties: { readonly metrics?: readonly (readonly unknown[])[] } }[];
};
const shown = body.widgets.flatMap(({ properties }) => properties.metrics ?? []);

describe('the dashboard', () => {
  it('is one, of the stack’s name', () => {
    expect(dashboard?.DashboardName).toBe('salvor-test');
  });

  it('shows every alarm', () => {
    const referred = parts.flatMap((part) => (typeof part === 'string' ? [] : [refOf(part)]));
    for (const alarm of alarms) expect(referred).toContain(alarm);
  });

  it('shows every metric of the stack’s own, and none that nobody writes', () => {
    const own = shown.flatMap(([namespace, name]) => (namespace === 'salvor-test' ? [name] : []));
    expect([...new Set(own)].sort()).toEqual([...new Set(metrics)].sort());
  });

  it('shows each function and each queue by the name that it has', () => {
    const named = (of: string) =>
      new Set(shown.flatMap(([namespace, , , name]) => (namespace === of ? [String(name)] : [])));
    expect([...named('AWS/Lambda')].sort()).toEqual(FUNCTION_NAMES.map((name) => `salvor-test-${name}`).sort());
    expect([...named('AWS/SQS')].sort()).toEqual(
      [...queuesOf(template).values()].map(({ Properties }) => Properties.QueueName).sort(),
    );
  });
});
