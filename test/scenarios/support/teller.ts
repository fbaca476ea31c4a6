import type { DatedHappening, OutsideRequest } from '#cli/simulate/engine/log.ts';
import { type Simulation, START_MS } from '#cli/simulate/engine/simulation.ts';
import type { AuditRecord } from '#shared/domain/audit.ts';
import type { GateResult } from '#shared/domain/gates/gate.ts';
import type { HostFact } from '#shared/domain/host.ts';
import type { InstanceFact } from '#shared/domain/instance-recovery/instance.ts';
import type { OperatorFact } from '#shared/domain/operator.ts';
import type { ProcessFact } from '#shared/domain/process-recovery/process.ts';
import { type StoryLine, tell } from '#shared/domain/story/story.ts';
import type { TaskFact } from '#shared/domain/task.ts';
import type { Parked } from '#shared/state/parked.ts';
import type { WorldFact } from '#sim/journal.ts';
import { ofInstance, ofProcesses } from './of-others.ts';
import type { Entry, Page } from './page.ts';

/** Puts what happens in the simulated world on a page, in people's words. */
export class Teller {
  readonly #simulation: Simulation;
  readonly #page: Page;
  readonly #explain: ReadonlySet<string>;
  readonly #names = new Map<string, string>();
  readonly #hostOfIncident = new Map<string, string>();
  readonly #functions = new Map<number, string>();
  readonly #parked = new Set<string>();
  #person = { host: '', atMs: -1 };
  /** Gates that hold a host, by its name. */
  readonly #closed = new Map<string, ReadonlySet<string>>();
  /** The newest word of each reporter on each host. */
  readonly #said = new Map<string, string>();

  constructor(simulation: Simulation, page: Page, explain: readonly string[]) {
    this.#simulation = simulation;
    this.#page = page;
    this.#explain = new Set(explain);
    for (const { id, name } of simulation.world.servers.values()) this.#names.set(id, name);
    for (const { serviceUuid, name } of simulation.world.hosts.values()) this.#names.set(serviceUuid, name);
  }

  see(happening: DatedHappening): void {
    for (const entry of this.#entriesOf(happening))
      this.#page.add(happening.atMs - START_MS, {
        ...entry,
        text: this.#plain(entry.text),
        ...(entry.more === undefined ? {} : { more: entry.more.map((each) => this.#plain(each)) }),
      });
  }

  #entriesOf(happening: DatedHappening): readonly Entry[] {
    switch (happening.kind) {
      case 'person':
        this.#person = happening;
        return [];
      case 'fact':
        return this.#ofWorld(happening.fact, happening.atMs);
      case 'reported':
        return this.#ofReport(happening.event);
      case 'asked':
        return this.#ofRequest(happening.request);
      case 'answered':
        return happening.request.act === 'read-power' ? [powerRead(happening.request, happening.answer)] : [];
      case 'committed':
        return happening.writes.flatMap((write) => {
          if (write.kind === 'append') return this.#ofRecord(write.body as unknown as AuditRecord);
          return write.kind === 'put' && write.partition === 'parked'
            ? this.#ofParked(write.body as unknown as Parked)
            : [];
        });
      case 'began':
        this.#functions.set(happening.invocation, happening.name);
        return [];
      case 'ended':
        return happening.how === 'killed'
          ? [{ voice: 'fault', text: 'is killed:', of: this.#functions.get(happening.invocation) ?? '' }]
          : [];
      case 'dead-lettered':
        return [
          { voice: 'fault', text: 'a dead letter, received too often:', of: happening.queue, about: happening.queue },
        ];
      default:
        return [];
    }
  }

  #ofWorld(fact: WorldFact, atMs: number): readonly Entry[] {
    switch (fact.kind) {
      case 'guest': {
        const { host, what, serverId, otherHost } = fact;
        if (what === 'DOUBLE') return [{ voice: 'world', text: `${serverId} RUNS ON ${otherHost} STILL` }];
        return [{ voice: 'world', text: `${host} ${what === 'on' ? 'runs' : 'no longer runs'}`, of: serverId }].map(
          (entry) => ({ ...entry, of: this.#plain(entry.of) }) as Entry,
        );
      }
      case 'power':
        return [{ voice: 'world', text: `the power is ${fact.power}:`, of: fact.host }];
      case 'outlet':
        return [{ voice: 'world', text: `outlet ${fact.outlet} is ${fact.power}:`, of: fact.host }];
      case 'watchdog':
        // That it is armed goes without saying.
        if (fact.what === 'armed') return [];
        return [
          {
            voice: 'world',
            text: fact.what === 'fires' ? 'the watchdog fires:' : 'reset by its watchdog:',
            of: fact.host,
          },
        ];
      case 'compute':
        // That it falls silent follows from what was told before.
        return fact.running ? [{ voice: 'world', text: 'nova-compute reports again:', of: fact.host }] : [];
      case 'status':
        // Of what a person does it was said already.
        if (this.#person.host === fact.host && this.#person.atMs === atMs) return [];
        return [{ voice: 'world', text: `${fact.disabled ? 'disabled' : 'enabled'} in Nova:`, of: fact.host }];
      case 'forced-down':
        return [
          {
            voice: 'world',
            text: `${fact.forcedDown ? 'forced down' : 'no longer forced down'} in Nova:`,
            of: fact.host,
          },
        ];
      default:
        return [];
    }
  }

  #ofReport(event: Extract<DatedHappening, { kind: 'reported' }>['event']): readonly Entry[] {
    const { type, source, data, time } = event;
    const aheadSeconds = Math.round((Date.parse(time) - this.#simulation.scheduler.now()) / 1000);
    const clock =
      aheadSeconds === 0 ? '' : `, by a clock ${Math.abs(aheadSeconds)} s ${aheadSeconds > 0 ? 'ahead' : 'behind'}`;
    const by = source.replace('/agents/', '');
    const say = (text: string): readonly Entry[] => [{ voice: 'report', by, text: `${text}${clock}:`, of: data.host }];
    if (type === 'process.down') return say(`${data.process} has stopped on`);
    if (type === 'process.up') return say(`${data.process} runs again on`);
    if (type === 'instance.down') return say(`${data.instanceId} is down on`);
    if (type === 'host.dumping') return say('a kernel dump is written on');
    const says = type === 'host.heartbeat' ? 'alive' : type.slice('host.'.length);
    const key = `${source} ${data.host}`;
    if (this.#said.get(key) === says && clock === '') return [];
    this.#said.set(key, says);
    return say(says);
  }

  #ofRequest(request: OutsideRequest): readonly Entry[] {
    const { act, host, instanceId = '', destination, imageId } = request;
    const name = this.#plain(instanceId);
    switch (act) {
      case 'evacuate':
        return [
          { voice: 'asks', text: `Nova: evacuate from ${host} to ${destination ?? 'a host of its choice'}:`, of: name },
        ];
      case 'reset-state':
        return [{ voice: 'asks', text: 'Nova: reset the state to active:', of: name }];
      case 'force-down':
        return [{ voice: 'asks', text: 'Nova: force down:', of: host, about: host }];
      case 'power-off':
        return [{ voice: 'asks', text: `${deviceOf(request)}: power off:`, of: host, about: host }];
      case 'power-on':
        return [{ voice: 'asks', text: `${deviceOf(request)}: power on:`, of: host, about: host }];
      case 'force-up':
        return [{ voice: 'asks', text: 'Nova: force down no longer:', of: host, about: host }];
      case 'live-migrate':
        return [
          {
            voice: 'asks',
            text: `Nova: live-migrate from ${host} to ${destination ?? 'a host of its choice'}:`,
            of: name,
          },
        ];
      case 'join':
        return [{ voice: 'asks', text: 'Nova: add to an aggregate:', of: host, about: host }];
      case 'part':
        return [{ voice: 'asks', text: 'Nova: remove from an aggregate:', of: host, about: host }];
      case 'read-power':
        return [];
      case 'disable':
      case 'enable':
        return [{ voice: 'asks', text: `Nova: ${act} the scheduling of:`, of: host, about: host }];
      case 'restart-service':
        return [{ voice: 'asks', text: 'the edge: restart a service of:', of: host, about: host }];
      default:
        return [
          {
            voice: 'asks',
            text: `Nova: ${OF_INSTANCES[act]} on ${host}${fromOf(imageId)}${toOf(destination)}:`,
            of: name,
          },
        ];
    }
  }

  #ofRecord(record: AuditRecord): readonly Entry[] {
    const [kind, id = '', instanceId = ''] = record.stream.split('#');
    const fact = record.fact as unknown as HostFact | TaskFact | OperatorFact;
    if (fact.type === 'obeyed' || fact.type === 'refused')
      return [{ voice: 'salvor', text: `${fact.type}: ${fact.said}` }];
    if (fact.type === 'incident-opened') this.#hostOfIncident.set(id, fact.host);
    if (kind === 'task') return ofTask(fact as TaskFact, this.#plain(instanceId));
    if (kind === 'instance') return ofInstance(record.fact as unknown as InstanceFact, this.#plain(id));
    if (kind === 'process')
      return ofProcesses(record.fact as unknown as ProcessFact, this.#plain(id.split('/').at(-1) ?? id));
    const host = kind === 'incident' ? (this.#hostOfIncident.get(id) ?? id) : this.#plain(id.split('/').at(-1) ?? id);
    if (TOLD_OTHERWISE.has(fact.type)) return [];
    const told = tell(record, () => host);
    return told === undefined
      ? []
      : [{ voice: 'salvor', by: host, about: host, ...this.#inGates(fact as HostFact, host, told) }];
  }

  /** With the numbers of the gates: those of every closed one, and of open ones where the play asks for them. */
  #inGates(fact: HostFact, host: string, told: StoryLine): Pick<Entry, 'text' | 'more'> {
    if (fact.type === 'held')
      return this.#held(
        host,
        fact.gates.filter(({ open }) => !open),
      );
    this.#closed.delete(host);
    if (fact.type !== 'confirmed') return { text: told.text };
    const explained = ({ gate, released }: GateResult): boolean =>
      released !== undefined || this.#explain.has(gate) || this.#explain.has('all');
    return {
      text: `confirmed down, every gate is open${released(fact.gates)}`,
      more: linesOf(fact.gates.filter(explained)),
    };
  }

  #ofParked({ id, because, subject }: Parked): readonly Entry[] {
    if (this.#parked.has(id)) return [];
    this.#parked.add(id);
    return [{ voice: 'salvor', text: `parked (${because.replace(/\s+/g, ' ')}):`, of: subject }];
  }

  /** Gates that held it before, and still do, are not told again. */
  #held(host: string, closed: readonly GateResult[]): Pick<Entry, 'text' | 'more'> {
    const before = this.#closed.get(host) ?? new Set();
    this.#closed.set(host, new Set(closed.map(({ gate }) => gate)));
    const added = closed.filter(({ gate }) => !before.has(gate));
    const goOn = closed.length - added.length;
    if (goOn === 0) return { text: 'held:', more: linesOf(closed) };
    if (goOn < before.size) return { text: 'still held:', more: linesOf(closed) };
    return { text: 'held by this, too:', more: linesOf(added) };
  }

  /** Names and seconds of the play in place of ids and dates. */
  #plain(text: string): string {
    return text
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => this.#names.get(id) ?? id)
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (date) => `second ${Math.floor((Date.parse(date) - START_MS) / 1000)}`)
      .replace(/\/agents\//g, '');
  }
}

const toOf = (destination: string | null | undefined): string =>
  destination === undefined ? '' : ` to ${destination ?? 'a host of its choice'}`;

const fromOf = (imageId: string | undefined): string => (imageId === undefined ? '' : ` from ${imageId}`);

const OF_INSTANCES = {
  reboot: 'reboot hard',
  'instance-reset': 'reset the state to active',
  migrate: 'migrate cold',
  'confirm-resize': 'confirm the migration',
  rebuild: 'rebuild',
  'start-restored': 'start by a hard reboot',
} as const satisfies Partial<Record<OutsideRequest['act'], string>>;

/** The report, the request or the world says it already. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set<HostFact['type']>([
  'reported',
  'power-off-intended',
  'forced-down',
  'power-on-intended',
]);

const linesOf = (gates: readonly GateResult[]): readonly string[] =>
  gates.map((each) => `${each.released ? 'released' : each.open ? 'open' : 'closed'} ${each.gate}: ${each.because}`);

const released = (gates: readonly GateResult[]): string =>
  gates.some((gate) => gate.released !== undefined) ? ' or released' : '';

/** What people call a fence device. */
const deviceOf = ({ device }: OutsideRequest): string =>
  device === undefined ? 'BMC' : device === 'ipmi' ? 'BMC by IPMI' : device;

function powerRead(request: OutsideRequest, answer: string): Entry {
  const { host } = request;
  const device = deviceOf(request);
  const { power, detail } = JSON.parse(answer) as { readonly power: string; readonly detail: string };
  return {
    voice: 'asks',
    text:
      power === 'unknown'
        ? `${device}: read the power, no answer (${detail}):`
        : `${device}: read the power, ${power}:`,
    of: host,
    about: host,
  };
}

function ofTask(fact: TaskFact, of: string): readonly Entry[] {
  const say = (text: string): readonly Entry[] => [{ voice: 'salvor', text, of }];
  switch (fact.type) {
    case 'task-ended':
      return fact.outcome === 'recovered'
        ? say(`recovered on ${fact.destination ?? 'another host'}:`)
        : say(`${fact.outcome} (${fact.because}):`);
    case 'attempt-failed':
      return say(`attempt ${fact.attempt} failed (${fact.because}):`);
    case 'task-waits':
      return say(`waits (${fact.because}):`);
    case 'no-room':
      return say(`waits for room (${fact.because}):`);
    case 'guest-answered':
      return say(`${fact.detail}:`);
    case 'granted':
      return fact.checks.tier === undefined ? [] : say(`goes on (${fact.checks.tier}):`);
    case 'evacuate-answered':
      return fact.answer === 'accepted' ? [] : say(`evacuate ${fact.answer} (${fact.detail}):`);
    case 'found-running':
      return say(`found its migration, ${fact.migrationStatus}:`);
    case 'lost-answer':
      return say(`${fact.because}:`);
    case 'restore-begins':
      return say(`stopped on ${fact.destination}, with a disk of its original image:`);
    case 'restore-waits':
      return say(`waits (${fact.because}):`);
    case 'restore-answered':
      return fact.answer === 'accepted' ? [] : say(`${fact.step} ${fact.answer} (${fact.detail}):`);
    case 'restore-settled':
      return say(`${fact.step} ${fact.as} (${fact.because}):`);
    case 'task-planned':
      return fact.decision === 'watch' ? say(`watched (${fact.because}):`) : [];
    default:
      return [];
  }
}
