/** A forecast for a host of a real Nova, beside what then became of it. */
import type { Assumed, Pace } from '#shared/domain/forecast/pace.ts';
import { type Forecast, type ForecastInstance, whatIf } from '#shared/domain/forecast/what-if.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { loadStanding } from '#shared/shell/forecast-view.ts';
import { viewOf } from '#shared/views/live-view.ts';
import { recordedPace } from '#shared/views/recorded-pace.ts';
import type { RigPipeline } from './pipeline.ts';

export interface Foretold {
  readonly forecast: Forecast;
  readonly pace: Pace;
}

/** As `salvor what-if --host --live` makes it, for a host that is about to fail. */
export async function foretell({ embedded, policy }: RigPipeline, host: string, assumed: Assumed): Promise<Foretold> {
  const { state, services } = embedded;
  const view = await viewOf(services.compute, policy, { hosts: [host] });
  const pace = await recordedPace(state, assumed);
  const forecast = whatIf([host], view, await loadStanding(state, policy), policy, pace, Date.now());
  return { forecast, pace };
}

/** Instance by instance. */
export interface Compared {
  readonly instances: number;
  /** Foretold to come back, from a snapshot among them, and those of these that did. */
  readonly toldBack: number;
  readonly cameBack: number;
  /** Whose outcome was another than was foretold. */
  readonly otherwise: number;
  /** Of those that came back: to the very host that was foretold. */
  readonly sameHost: number;
  /** Hosts that were foretold as destinations, and those of them that took one of these instances. */
  readonly toldHosts: number;
  readonly feasibleHosts: number;
  /** Requests for them that Nova took and that came to nothing, or that it refused. */
  readonly inVain: number;
}

type Outcome = ForecastInstance['outcome'];
/** What each outcome of a task was foretold as. */
const AS_TOLD: Readonly<Record<string, Outcome>> = {
  recovered: 'comes-back',
  'restarted-from-snapshot': 'from-snapshot',
  'not-protected': 'not-protected',
};

export function compare({ instances }: Forecast, tasks: readonly TaskState[]): Compared {
  const told = new Map(instances.map((each) => [each.id, each]));
  const ended = tasks.flatMap(({ instanceId, progress, attempts }) =>
    progress.status === 'ended' ? [{ instanceId, ...progress, attempts }] : [],
  );
  const isBack = (outcome: string): boolean => outcome === 'recovered' || outcome === 'restarted-from-snapshot';
  const back = ended.filter(({ outcome }) => isBack(outcome));
  const willBeBack = instances.filter(({ outcome }) => outcome === 'comes-back' || outcome === 'from-snapshot');
  const toldHosts = new Set(willBeBack.map(({ destination }) => destination));
  const took = new Set(back.map(({ destination }) => destination));
  return {
    instances: instances.length,
    toldBack: willBeBack.length,
    cameBack: back.filter(({ instanceId }) => willBeBack.some(({ id }) => id === instanceId)).length,
    otherwise: ended.filter(
      ({ instanceId, outcome }) => told.get(instanceId)?.outcome !== (AS_TOLD[outcome] ?? 'stays'),
    ).length,
    sameHost: back.filter(({ instanceId, destination }) => told.get(instanceId)?.destination === destination).length,
    toldHosts: toldHosts.size,
    feasibleHosts: [...toldHosts].filter((each) => took.has(each)).length,
    inVain: back.reduce((sum, { attempts }) => sum + attempts - 1, 0),
  };
}
