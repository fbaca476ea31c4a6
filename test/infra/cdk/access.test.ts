import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deadLetterQueueOf, type FunctionName, QUEUES, type QueueName } from '#events/catalog.ts';
import { bundleFunction, FUNCTION_NAMES } from '#infra/bundle.ts';
import { ACCESS } from '#infra/cdk/access.ts';
import { functionNamed, functionsOf, logicalId, queuesOf, type Reference, resourcesOf, synthesize } from './support.ts';

const { template } = synthesize();
const queues = queuesOf(template);
const policies = [...resourcesOf<PolicyProperties>(template, 'AWS::IAM::Policy').values()];

interface PolicyProperties {
  readonly Roles: readonly Reference[];
  readonly PolicyDocument: {
    readonly Statement: readonly {
      readonly Effect: string;
      readonly Action: string | readonly string[];
      readonly Resource: unknown;
    }[];
  };
}

interface Statement {
  readonly actions: readonly string[];
  /** JSON text of each resource. */
  readonly resources: readonly string[];
}

const asList = <T>(value: T | readonly T[]): readonly T[] => [value].flat() as T[];

/** What the role of a function is allowed. */
function statementsOf(name: FunctionName): readonly Statement[] {
  const role = logicalId(functionNamed(template, name).Properties.Role);
  return policies
    .filter(({ Properties }) => Properties.Roles.map(logicalId).includes(role))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .map((statement) => {
      expect(statement.Effect).toBe('Allow');
      return {
        actions: asList(statement.Action),
        resources: asList(statement.Resource).map((resource) => JSON.stringify(resource)),
      };
    });
}

const actionsOn = (name: FunctionName, resource: RegExp): readonly string[] =>
  statementsOf(name)
    .filter(({ resources }) => resources.some((each) => resource.test(each)))
    .flatMap(({ actions }) => actions)
    .sort();

const mayDo = (action: string): readonly FunctionName[] =>
  FUNCTION_NAMES.filter((name) => statementsOf(name).some(({ actions }) => actions.includes(action))).sort();

describe('a role', () => {
  it.each(FUNCTION_NAMES)('of %s is its own, without a managed policy', (name) => {
    const role = logicalId(functionNamed(template, name).Properties.Role);
    const users = [...functionsOf(template).values()].filter(({ Properties }) => logicalId(Properties.Role) === role);
    expect(users).toHaveLength(1);
    expect(resourcesOf<object>(template, 'AWS::IAM::Role').get(role)?.Properties).not.toHaveProperty(
      'ManagedPolicyArns',
    );
  });

  it.each(FUNCTION_NAMES)('of %s can only add to the audit log, and read streams of it', (name) => {
    const { appendsAudit, readsAudit } = ACCESS[name];
    expect(actionsOn(name, /TablesAudit/)).toEqual([
      ...(appendsAudit ? ['dynamodb:PutItem'] : []),
      ...(readsAudit ? ['dynamodb:Query'] : []),
    ]);
  });

  it('lets functions delete from the state that forget hosts or sessions, or close the incident of an instance or a process, or have told people, and none rewrite it unconditionally', () => {
    expect(mayDo('dynamodb:DeleteItem')).toEqual([
      'http-api',
      'mirror-instances',
      'mirror-inventory',
      'notify',
      'recover-instance',
      'recover-process',
      'watch-hosts',
    ]);
    expect(mayDo('dynamodb:UpdateItem')).toEqual([]);
    expect(mayDo('dynamodb:BatchWriteItem')).toEqual([]);
  });

  it('of sweep can write its beat, and check or delete nothing', () => {
    const beat = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'];
    expect(actionsOn('sweep', /TablesState/)).toEqual([...beat, 'dynamodb:Query']);
  });

  it('reads the secrets of fence devices only where devices are asked, and of reporters where those are let in', () => {
    const readers = FUNCTION_NAMES.filter((name) => actionsOn(name, /:secret:salvor\/\*/).length > 0);
    expect(readers).toEqual(['confirm-host-down', 'fence-host', 'return-host', 'survey-devices']);
    const letIn = FUNCTION_NAMES.filter((name) => actionsOn(name, /:secret:salvor\/reporters\/\*/).length > 0);
    expect(letIn).toEqual(['http-ingest']);
    const people = FUNCTION_NAMES.filter((name) => actionsOn(name, /:secret:salvor\/people\/\*/).length > 0);
    expect(people).toEqual(['http-api']);
    const tellers = FUNCTION_NAMES.filter((name) => actionsOn(name, /:secret:salvor\/notify\/\*/).length > 0);
    expect(tellers).toEqual(['notify']);
    for (const name of FUNCTION_NAMES)
      expect(actionsOn(name, /:secret:/).every((action) => action === 'secretsmanager:GetSecretValue')).toBe(true);
  });

  it('reads no secret where the cloud is never opened', () => {
    const without = FUNCTION_NAMES.filter((name) => actionsOn(name, /:secret:/).length === 0);
    expect(without).toEqual(['receive-host-event', 'obey-operator', 'receive-fence-answer', 'sweep']);
    const readers = FUNCTION_NAMES.filter((name) => actionsOn(name, /:secret:salvor\/cloud-/).length > 0);
    // It has secrets of its own, and not the cloud's.
    expect([...readers, ...without, 'notify'].sort()).toEqual([...FUNCTION_NAMES].sort());
  });

  it('publishes to the topics by which the policy has people told, and to none else', () => {
    expect(mayDo('sns:Publish')).toEqual([]);
    const topic = 'arn:aws:sns:eu-west-1:123456789012:night';
    const { template: telling } = synthesize({}, { notifyTopics: [topic] });
    const statements = [...resourcesOf<PolicyProperties>(telling, 'AWS::IAM::Policy').values()]
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => asList(Action).includes('sns:Publish'));
    expect(statements.map(({ Resource }) => Resource)).toEqual([topic]);
  });

  it('reads the key of links to approve where they are answered, and no other secret of the channels', () => {
    expect(FUNCTION_NAMES.filter((name) => actionsOn(name, /:secret:salvor\/notify\/links-/).length > 0)).toEqual([]);
    const { template: linked } = synthesize({}, { approvalKey: 'links' });
    const readers = [...resourcesOf<PolicyProperties>(linked, 'AWS::IAM::Policy').values()].filter(({ Properties }) =>
      JSON.stringify(Properties.PolicyDocument.Statement).includes(':secret:salvor/notify/links-??????'),
    );
    expect(readers).toHaveLength(1);
    expect(JSON.stringify(readers)).toContain(':secret:salvor/people/*');
    expect(JSON.stringify(readers)).not.toContain(':secret:salvor/notify/*');
  });

  it('takes the cloud secret by its ARN too', () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:nova-AbCdEf';
    expect(JSON.stringify(synthesize({ cloudSecret: arn }).template.findResources('AWS::IAM::Policy'))).toContain(
      `"Resource":"${arn}"`,
    );
  });

  it.each(FUNCTION_NAMES)('of %s has a wildcard only where AWS knows no other', (name) => {
    const wild = statementsOf(name).filter(({ resources }) => resources.includes('"*"'));
    expect(wild.flatMap(({ actions }) => actions)).toEqual(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']);
  });

  it.each(FUNCTION_NAMES)('of %s sends to the queues that it has messages for', (name) => {
    const targets = statementsOf(name)
      .filter(({ actions }) => actions.includes('sqs:SendMessage'))
      .flatMap(({ resources }) => resources.map((resource) => logicalId(JSON.parse(resource))))
      .map((id) => queues.get(id)?.Properties.QueueName);
    expect(targets).toEqual(ACCESS[name].sendsTo.map((queue) => `salvor-test-${queue}`));
  });

  it('of the API sees how full each queue and dead-letter queue is, and no other does; nobody receives by it', () => {
    expect(FUNCTION_NAMES.filter((name) => ACCESS[name].looksAtQueues)).toEqual(['http-api']);
    const seen = statementsOf('http-api')
      .filter(({ actions }) => actions.includes('sqs:GetQueueAttributes'))
      .flatMap(({ actions, resources }) => {
        expect(actions).toEqual(['sqs:GetQueueAttributes']);
        return resources.map((resource) => queues.get(logicalId(JSON.parse(resource)))?.Properties.QueueName);
      });
    const names = (Object.keys(QUEUES) as QueueName[]).flatMap((name) => [name, deadLetterQueueOf(name)]);
    expect(seen.toSorted()).toEqual(names.map((name) => `salvor-test-${name}`).toSorted());
  });
});

const textOf = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('what a function is said to use', () => {
  it.each(FUNCTION_NAMES)('%s: is what its code imports', async (name) => {
    const { files } = await bundleFunction(name, 'dist', { write: false });
    const imports = (path: string) => files.includes(path);
    // What is in live.ts is counted where it is called: some import only a part of it.
    const own = files.filter((path) => /^(functions|shared\/(shell|ingest|views))\/(?!live\.)/.test(path)).map(textOf);
    const calls = (names: string) => own.some((text) => new RegExp(`(?<!function )\\b(${names})\\(`).test(text));
    const {
      sendsTo,
      state,
      readsDue,
      appendsAudit,
      readsAudit,
      callsNova,
      fences,
      restarts,
      tokensOf,
      asksKeystone,
      keepsSessions,
      answersLinks,
      looksAtQueues,
      notifies,
    } = ACCESS[name];
    // Each of these files does one such thing, and esbuild leaves out what a function does not use. Whoever changes a
    // host or a task writes an audit record with it.
    expect(sendsTo.includes('fence-host')).toBe(imports('shared/shell/step.ts'));
    expect(sendsTo.includes('recover-instance')).toBe(imports('shared/shell/instances/commit.ts'));
    expect(sendsTo.includes('recover-process')).toBe(imports('shared/shell/processes/commit.ts'));
    expect(restarts).toBe(imports('shared/shell/processes/act.ts'));
    const sendsEvents = [
      'shell/resend-parked',
      'shell/hear-again',
      'shell/look-at-nova',
      'shell/processes/recover',
      'ingest/accept',
    ];
    expect(sendsTo.includes('host-events')).toBe(sendsEvents.some((file) => imports(`shared/${file}.ts`)));
    expect(sendsTo.includes('watch-hosts')).toBe(imports('shared/shell/ask-for-looks.ts'));
    expect(tokensOf === 'reporters').toBe(imports('shared/ingest/authenticate.ts'));
    expect(tokensOf === 'people').toBe(imports('shared/api/people.ts'));
    expect(asksKeystone).toBe(imports('shared/api/ways.ts'));
    expect(answersLinks).toBe(imports('shared/approve/app.ts'));
    expect(keepsSessions).toBe(imports('shared/state/sessions.ts'));
    expect(looksAtQueues).toBe(imports('shared/adapters/sqs/depths.ts'));
    expect(notifies).toBe(imports('shared/adapters/notify/notifier.ts'));
    expect(sendsTo.includes('evacuate-instance')).toBe(imports('shared/shell/grant-tasks.ts'));
    expect(fences).toBe(imports('shared/shell/device.ts'));
    // The views of the API would ask Nova, which it is not given in a stack (`apiServicesFromEnvironment`).
    const isGivenNova = name !== 'http-api';
    expect(callsNova).toBe(isGivenNova && calls('compute\\.\\w+|tokens\\.\\w+'));
    expect(readsDue).toBe(calls('readGates|readForGates|openHosts|loadTaken|state\\.due'));
    expect(state.includes('check')).toBe(calls('guardChecks?|addTasks|hostUnchanged'));
    expect(state.includes('delete')).toBe(
      calls('mirrorWrites|leaseRemoval|forgetWrites|decideProcess|stepOf|doneWrite'),
    );
    expect(sendsTo.includes('operator-commands')).toBe(
      ['ingest/masakari/switch-segment', 'api/routes/commands'].some((file) => imports(`shared/${file}.ts`)),
    );
    expect(readsAudit).toBe(
      ['shell/policy-on-record', 'state/read-audit'].some((file) => imports(`shared/${file}.ts`)),
    );
    const writers = [
      'domain/evolve-host',
      'state/tasks',
      'shell/survey-hosts',
      'domain/instance-recovery/reports',
      'domain/process-recovery/reports',
    ];
    // The API shows what these have done, and may write nothing that they would.
    expect(appendsAudit).toBe(!keepsSessions && writers.some((file) => imports(`shared/${file}.ts`)));
  });
});
