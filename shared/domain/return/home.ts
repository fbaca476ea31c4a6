import { moveEnded } from '../move-ends.ts';
import { type MoveFact, type MoveSight, settleMove } from '../moves.ts';
import type { Policy, Segment } from '../policy.ts';
import { notProtected } from '../protect.ts';
import type { SeenServer, Signs } from '../seen.ts';
import { check } from './checks.ts';
import type { ReturnFact } from './facts.ts';
import { returnEnded } from './open-return.ts';
import type { Check, GoingHome, ReturnSight } from './returning.ts';

type Facts = readonly (ReturnFact | MoveFact)[];

/** How soon it looks again while nothing may be asked for. */
const LOOK_MS = 10_000;

/** An instance that was evacuated from the host, as it was read before it may be asked for. */
export interface HomeCandidate {
  readonly instanceId: string;
  readonly name: string;
  /** Where the evacuation has brought it. */
  readonly broughtTo: string | null;
  /** Null: it is gone. */
  readonly server: Pick<
    SeenServer,
    'host' | 'vmState' | 'taskState' | 'locked' | 'metadata' | 'flavorName' | 'extraSpecs' | 'projectId'
  > | null;
  /** What stands beside it and says whether it is protected; absent where nobody asked. */
  readonly signs?: Signs;
  readonly lastMigrationId: number;
}

/** What one look at a host whose instances go home rests on, as it goes into the log. */
export interface HomeSight {
  readonly atMs: number;
  readonly host: string;
  readonly halted: string | null;
  readonly service: Pick<NonNullable<ReturnSight['service']>, 'state' | 'status' | 'forcedDown'> | null;
  readonly moving: MoveSight | null;
  /** Null while one is on its way, or when none is left. */
  readonly next: HomeCandidate | null;
}

/** One look: the one that is on its way is followed to its end, then the next one is asked for. */
export function decideHome(
  returning: GoingHome,
  sight: HomeSight,
  { policy, segment }: { readonly policy: Policy; readonly segment: Segment | null },
  random: number,
): Facts {
  const { id: of, move, home, stayed } = returning;
  const { atMs, host, service, moving, next, halted } = sight;
  const limits = policy.maintenance;
  const later = (afterMs: number, ...shut: readonly Check[]): ReturnFact => ({
    type: 'return-goes-on',
    shut,
    nextLookAtMs: atMs + afterMs,
  });
  if (move !== null) {
    if (moving === null) return [later(limits.pollSeconds * 1000)];
    const become = settleMove(move, moving, limits, atMs);
    const { instanceId } = move;
    if (become === 'running' && (move.answer === 'none' || move.answer === 'unknown'))
      return [{ type: 'move-found', of, instanceId, atMs }, later(limits.pollSeconds * 1000)];
    if (typeof become === 'string') return [later(limits.pollSeconds * 1000)];
    // Nobody waits for it: one that does not get home at once stays where it runs.
    return [moveEnded(of, instanceId, become, 1, { ...limits, maxAttempts: 1 }, atMs, random)];
  }
  const isBack = service !== null && service.state === 'up' && service.status === 'enabled' && !service.forcedDown;
  const end = (why: string): ReturnFact =>
    returnEnded(returning, 'returned', `${why}; ${home} instances went home, ${stayed} stayed`, atMs);
  if (!isBack) return [end('the host is not in service any more')];
  if (next === null) return [end('Nova sees it up')];
  if (halted !== null) return [later(LOOK_MS, check('armed', false, halted))];
  const stays = whyItStays(next, segment);
  if (stays !== undefined)
    return [{ type: 'home-left-out', returnId: of, instanceId: next.instanceId, because: stays, atMs }];
  const { instanceId, name, broughtTo, lastMigrationId } = next;
  const from = broughtTo ?? '';
  return [
    { type: 'move-intended', of, instanceId, name, from, to: host, attempt: 1, intendedAtMs: atMs, lastMigrationId },
    later(limits.pollSeconds * 1000),
  ];
}

/** Only what is still as the evacuation has left it is touched again. */
function whyItStays(
  { name, server, signs = {}, broughtTo }: HomeCandidate,
  segment: Segment | null,
): string | undefined {
  if (server === null) return 'it was deleted';
  if (broughtTo === null || server.host !== broughtTo) return `it is on ${server.host ?? 'no host'} by now`;
  if (server.vmState !== 'active') return `it is ${server.vmState}`;
  if (server.taskState !== null) return `it has a task, ${server.taskState}`;
  if (server.locked) return 'it is locked';
  return segment === null ? 'no segment protects it' : notProtected({ ...server, name }, signs, segment.instances);
}
