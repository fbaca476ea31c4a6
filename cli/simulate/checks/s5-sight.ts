import { percentOf } from '#shared/domain/guards.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { DatedHappening } from '../engine/log.ts';
import { START_MS } from '../engine/simulation.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf } from './intents.ts';

/** Devices of other hosts that one function asked at once before it decided on a host. */
interface Sample {
  readonly invocation: number;
  readonly atMs: number;
  readonly requests: Set<number>;
  answered: number;
}

/**
 * Salvor decides only while it sees: Nova answers, and calls the host down if that is asked for; enough other devices and
 * hosts are seen; what an evacuation needs answers; and salvor has run for long enough. By what was really asked of the
 * world before the decision, and what it answered.
 */
export function salvorItselfCanSee({
  simulation,
  histories,
  incidents,
  releases,
  around,
  people,
  segmentsOf,
}: Scene): Check {
  const { policy, world, states } = simulation;
  const all = [...world.hosts.keys()];
  /** For which hosts each function that decides works. */
  const deciding = new Map<number, readonly string[]>();
  let samples: readonly Sample[] = [];
  let reads: readonly Extract<DatedHappening, { kind: 'services-read' }>[] = [];
  let trials: readonly Extract<DatedHappening, { kind: 'services-tried' }>[] = [];
  let haltedAtMs = 0;
  let runsSinceMs = START_MS;

  function follow(happening: DatedHappening): void {
    const { kind, atMs } = happening;
    if (kind === 'services-read') reads = lately([happening, ...reads], atMs);
    if (kind === 'services-tried') trials = lately([happening, ...trials], atMs);
    if (kind === 'began' && happening.name === 'confirm-host-down') deciding.set(happening.invocation, happening.hosts);
    if (kind === 'halted' && !happening.over) haltedAtMs = atMs;
    // The beat before it was no later, the next is no sooner.
    if (kind === 'halted' && happening.over && atMs - haltedAtMs > policy.settling.maxGapSeconds * 1000)
      runsSinceMs = atMs;
    if (kind === 'asked' && happening.request.act === 'read-power' && deciding.has(happening.request.invocation)) {
      const { id, invocation } = happening.request;
      const sample = samples.find((each) => each.invocation === invocation && each.atMs === atMs);
      if (sample === undefined)
        samples = lately([{ invocation, atMs, requests: new Set([id]), answered: 0 }, ...samples], atMs);
      else sample.requests.add(id);
    }
    if (kind === 'answered' && !happening.answer.includes('"power":"unknown"'))
      for (const sample of samples) if (sample.requests.has(happening.request.id)) sample.answered += 1;
  }

  /** What happened lately, of a list whose newest is the first. */
  const lately = <T extends { readonly atMs: number }>(these: readonly T[], nowMs: number): readonly T[] => {
    const end = these.findIndex(({ atMs }) => atMs < nowMs - KNOWN_WITHIN_MS.host);
    return end === -1 ? these : these.slice(0, end);
  };

  function whyNova(host: string, { requireNovaDown }: Segment, nowMs: number): readonly Why[] {
    const said = lately(reads, nowMs).flatMap((read) => read.said[host] ?? []);
    if (said.length === 0) return [['nova-answers', 'Nova was not read']];
    const isUp = requireNovaDown && !said.includes('down');
    return isUp ? [['nova-sees-it-down', 'whenever it was asked lately, Nova said up']] : [];
  }

  function whyDependencies(host: string, nowMs: number): readonly Why[] {
    const ignored: readonly string[] = policy.dependencies.ignore ?? [];
    const tried = lately(trials, nowMs).filter(({ hosts }) => hosts.includes(host));
    const silent = tried.map((trial) => trial.silent.filter((service) => !ignored.includes(service)));
    if (silent.some((each) => each.length === 0)) return [];
    return [
      ['dependencies', tried.length === 0 ? 'nobody has tried them' : `${silent.flat().join(', ')} did not answer`],
    ];
  }

  function whyObserver(host: string, segment: Segment, nowMs: number): readonly Why[] {
    const { devices, minDevicesPercent, minHostsUpPercent } = policy.observer;
    const longAgo = nowMs - KNOWN_WITHIN_MS.host;
    const others = all.filter((name) => name !== host);
    const unnoticedMs = world.options.serviceDownSeconds * 1000;
    const down = others.filter((name) => {
      const { silentSinceMs, seenUpAtMs } = histories.of(name);
      return silentSinceMs < longAgo - unnoticedMs && seenUpAtMs < longAgo;
    });
    const up = percentOf(others.length - down.length, others.length);
    if (up < minHostsUpPercent)
      return [['observer', `${up} % of the other hosts can be up, of ${minHostsUpPercent} %`]];
    const quiet = others.filter(
      (name) =>
        segmentsOf(name).includes(segment) &&
        histories.of(name).protectedSinceMs < longAgo &&
        around.isQuiet(name, nowMs) &&
        hasDevice(name),
    );
    const asked = Math.min(devices, quiet.length);
    const mine = lately(samples, nowMs).filter(({ invocation }) => deciding.get(invocation)?.includes(host));
    const sees = mine.some(
      ({ requests, answered }) => requests.size >= asked && percentOf(answered, requests.size) >= minDevicesPercent,
    );
    if (sees || asked === 0) return [];
    const found = mine.map(({ requests, answered }) => `${answered} of ${requests.size}`).join(', ') || 'none';
    return [['observer', `${found} other devices have answered, ${asked} can be asked`]];
  }

  const hasDevice = (host: string): boolean => (policy.fenceDevices[host] ?? policy.fenceDevices['*']) !== undefined;

  /** By its watchdog, if it has one, or by people who have said so already. */
  function canBeProven(host: string, { fencing }: Segment, nowMs: number): boolean {
    const { people: asked, maxAgeSeconds } = fencing.confirmOff;
    const isSaid = asked > 0 && people.whoSayOff(host, maxAgeSeconds, 0, nowMs).size >= asked;
    return fencing.watchdog !== undefined || isSaid;
  }

  function whySettling(nowMs: number): readonly Why[] {
    const { pauseSeconds } = policy.settling;
    const ranMs = nowMs - runsSinceMs;
    return ranMs < pauseSeconds * 1000
      ? [['settling', `salvor has run for ${ranMs / 1000} s without a gap, ${pauseSeconds} s are asked for`]]
      : [];
  }

  function judge(type: string, host: string, nowMs: number): readonly Why[] {
    const segment = around.segment(incidents.segmentOf(host));
    if (segment === undefined) return [];
    // Asked once more before each power-off, until evacuations may have left.
    if (type === 'power-off-intended') return states.tasksOf(host).size === 0 ? whySettling(nowMs) : [];
    if (type !== 'confirmed') return [];
    return [
      ...(hasDevice(host) || canBeProven(host, segment, nowMs)
        ? []
        : [['fence-device', 'the policy names none'] as const]),
      ...whyNova(host, segment, nowMs),
      ...whySettling(nowMs),
      ...whyObserver(host, segment, nowMs),
      ...whyDependencies(host, nowMs),
    ];
  }

  return {
    id: 'S5',
    sentence: 'a host is decided on only while salvor itself can see, and an evacuation can succeed',
    see: (happening) => {
      follow(happening);
      for (const { type, stream } of factsOf(happening)) {
        const host = incidents.hostOf(stream) ?? '';
        for (const [gate, because] of judge(type, host, happening.atMs))
          if (FIXED.has(gate) || !releases.covers(incidents.idOf(host), gate, happening.atMs))
            return `${host}: ${type} against ${gate}: ${because}`;
      }
      return undefined;
    },
  };
}

/** A gate and why it can't have been open. */
type Why = readonly [string, string];

/** No operator may release these. */
const FIXED: ReadonlySet<string> = new Set(['nova-answers', 'fence-device']);
