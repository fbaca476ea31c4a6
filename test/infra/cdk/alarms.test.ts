import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENDPOINTS, FENCE_REQUESTS, QUEUES, SCHEDULES } from '#events/catalog.ts';
import { NOT_ALIVE } from '#infra/cdk/heartbeat-alarm.ts';
import { INCIDENT_ALARMS } from '#infra/cdk/incident-alarms.ts';
import { streamOfIncident, streamOfTask } from '#shared/domain/audit.ts';
import { type Join, logicalId, type Reference, resourcesOf, synthesize } from './support.ts';

const PREFIX = 'salvor-test-';
const WORKERS = ['rack-a', 'rack-b'];
const runbook = readFileSync(new URL('../../../infra/RUNBOOK.md', import.meta.url), 'utf8');
const { template } = synthesize(
  { runbookUrl: 'https://git.example/RUNBOOK.md' },
  { fenceWorkers: { fencing: WORKERS, restarting: [] } },
);
const alarms = [...resourcesOf<AlarmProperties>(template, 'AWS::CloudWatch::Alarm').values()].map(
  ({ Properties }) => Properties,
);
const nameOf = (alarm: AlarmProperties): string => alarm.AlarmName;

interface AlarmProperties {
  readonly AlarmName: string;
  readonly AlarmDescription: string | Join;
  readonly AlarmActions: readonly Reference[];
  readonly Threshold: number;
  readonly TreatMissingData: string;
}

const SILENT = 'fence-worker-silent';
/** The alarms of all workers have one chapter. */
const headingOf = (name: string): string => name.slice(PREFIX.length).replace(new RegExp(`(?<=^${SILENT})-.*`), '');

/** The text of a chapter, by its heading; undefined if there is none. */
const chapter = (heading: string): string | undefined =>
  new RegExp(`^#+ ${heading}\\n([\\s\\S]*?)(?=^#|$(?![\\s\\S]))`, 'm').exec(runbook)?.[1];

/** The literal parts of a description; references to names are left out. */
const textOf = (description: string | Join): string =>
  typeof description === 'string'
    ? description
    : description['Fn::Join'][1].filter((part) => typeof part === 'string').join('');

const SPECS = [...Object.values(QUEUES), ...Object.values(SCHEDULES), ...Object.values(ENDPOINTS)];

describe('alarms', () => {
  it('are just these: four for a queue, three for a schedule, two for an endpoint, one for a worker, those of incidents, and that salvor is not alive', () => {
    const expected = [
      ...Object.values(QUEUES).flatMap((spec) =>
        ['dead-letters', 'oldest-message', 'errors', 'throttles'].map((kind) => `${spec.function}-${kind}`),
      ),
      ...Object.values(SCHEDULES).flatMap((spec) =>
        ['errors', 'throttles', 'not-running'].map((kind) => `${spec.function}-${kind}`),
      ),
      ...Object.values(ENDPOINTS).flatMap((spec) => ['errors', 'throttles'].map((kind) => `${spec.function}-${kind}`)),
      ...Object.keys(INCIDENT_ALARMS),
      ...WORKERS.map((worker) => `fence-worker-silent-${worker}`),
      NOT_ALIVE.name,
    ];
    expect(alarms.map(nameOf).sort()).toEqual(expected.map((name) => PREFIX + name).sort());
  });

  it.each(alarms.map((alarm) => [nameOf(alarm), alarm] as const))(
    '%s says what harm is done, links to its chapter, and goes to the topic',
    (name, alarm) => {
      const heading = headingOf(name);
      const spec =
        INCIDENT_ALARMS[heading] ??
        SPECS.find((each) => heading.startsWith(`${each.function}-`)) ??
        (heading === SILENT ? FENCE_REQUESTS : heading === NOT_ALIVE.name ? NOT_ALIVE : undefined);
      const text = textOf(alarm.AlarmDescription);
      expect(text).toContain(spec?.errorImpact);
      // What CloudWatch takes (API reference, PutMetricAlarm), with the longest runbookUrl and two generated names.
      expect(text.length + 300 + 2 * 128).toBeLessThanOrEqual(1024);
      expect(text).toMatch(new RegExp(` Do: https://git\\.example/RUNBOOK\\.md#${heading}$`));
      expect(alarm.AlarmActions).toHaveLength(1);
      expect(logicalId(alarm.AlarmActions[0])).toMatch(/^AlarmTopic/);
    },
  );

  it('on the age of messages leave room for the delay that they are sent with, and for one retry', () => {
    const thresholds = alarms
      .filter((alarm) => nameOf(alarm).endsWith('-oldest-message'))
      .map((alarm) => [nameOf(alarm).slice(PREFIX.length), alarm.Threshold]);
    expect(Object.fromEntries(thresholds)).toEqual({
      'receive-host-event-oldest-message': 120,
      'confirm-host-down-oldest-message': 1080,
      'fence-host-oldest-message': 1320,
      'plan-evacuation-oldest-message': 1320,
      'evacuate-instance-oldest-message': 600,
      'follow-evacuations-oldest-message': 1320,
      'return-host-oldest-message': 1320,
      'maintain-host-oldest-message': 1320,
      'recover-instance-oldest-message': 1320,
      'recover-process-oldest-message': 1320,
      'obey-operator-oldest-message': 120,
      'watch-hosts-oldest-message': 1080,
      'receive-fence-answer-oldest-message': 120,
    });
  });

  it('of a schedule, a worker or all of salvor ring when there is no data at all', () => {
    const silent = alarms.filter((alarm) => alarm.TreatMissingData === 'breaching').map(nameOf);
    const schedules = ['mirror-instances', 'mirror-inventory', 'notify', 'survey-devices', 'sweep'];
    expect(silent.sort()).toEqual(
      [
        ...WORKERS.map((worker) => `${PREFIX}${SILENT}-${worker}`),
        `${PREFIX}${NOT_ALIVE.name}`,
        ...schedules.map((name) => `${PREFIX}${name}-not-running`),
      ].sort(),
    );
  });
});

describe('the runbook', () => {
  it.each(alarms.map(nameOf))('has a chapter for %s: meaning, look, do', (name) => {
    const text = chapter(headingOf(name));
    for (const part of ['Meaning', 'Look', 'Do']) expect(text).toMatch(new RegExp(`^- \\*\\*${part}\\*\\*: \\S`, 'm'));
  });

  it.each(SPECS)('says the harm of $function', (spec) => {
    expect(chapter(spec.function)).toContain(spec.errorImpact);
  });

  it.each([...Object.entries(INCIDENT_ALARMS), [NOT_ALIVE.name, NOT_ALIVE] as const])(
    'says the harm that %s means',
    (name, { errorImpact }) => {
      expect(chapter(name)).toContain(errorImpact);
    },
  );

  it('has no chapter of an alarm that does not exist', () => {
    const ofAlarms = runbook.slice(runbook.indexOf('\n## Incidents\n'));
    const chapters = [...ofAlarms.matchAll(/^### (.*)$/gm)].map(([, heading]) => PREFIX + heading);
    expect(chapters.sort()).toEqual([...new Set(alarms.map((alarm) => PREFIX + headingOf(nameOf(alarm))))].sort());
  });

  it('names the streams of the audit log as they are', () => {
    for (const stream of [streamOfIncident('<id>'), streamOfTask('<id>', '<instance>')])
      expect(chapter('What happened to a host')).toContain(stream);
  });

  it('links only to headings that it has', () => {
    const anchors = new Set(
      [...runbook.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
    for (const [, anchor] of runbook.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
  });
});
