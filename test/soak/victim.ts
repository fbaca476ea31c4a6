/**
 * An embedded pipeline that is killed. It does as its parent's first message says, reports each point at which it is
 * to die, and stands still there, every timer and connection included, until it is dead.
 */
import { openSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { SCHEDULES } from '#events/catalog.ts';
import { type Embedded, startEmbedded } from '#infra/embedded/runtime.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import { policySchema } from '#shared/domain/policy.ts';
import type { Log } from '#shared/services.ts';
import { connectionTo } from './connection.ts';
import type { Asked, Orders, Point, Said } from './points.ts';
import { stopsAt } from './stops.ts';

/** A parent that has not killed it by then is gone. */
const STAND_STILL_MS = 30_000;

const say = (said: Said): void => void process.send?.(said);
const armed = new Map<Point, number>();
let embedded: Embedded | undefined;

const stops = stopsAt({
  pass: (point) => {
    const passesLeft = armed.get(point);
    if (passesLeft === undefined || stops.worn()) return;
    if (passesLeft > 0) {
      armed.set(point, passesLeft - 1);
      return;
    }
    say({ kind: 'reached', point });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STAND_STILL_MS);
    process.exit(1);
  },
  isArmed: (point) => armed.get(point) === 0,
  onWorn: (worn) => say({ kind: 'worn', worn }),
});

async function start({ stateDir, cloud, policy, stops: wanted }: Orders): Promise<void> {
  for (const [point, passes] of Object.entries(wanted)) armed.set(point as Point, passes);
  const { compute, fencing } = connectionTo(cloud);
  embedded = await startEmbedded({
    stateDir,
    port: 0,
    services: {
      compute: stops.compute(compute),
      fencing: stops.fencing(fencing),
      policy: policySchema.parse(policy),
      clock: systemClock,
      chance: systemChance,
      guests: systemGuests,
      log: logTo(join(stateDir, 'log')),
    },
    functions: stops.functions,
    // No life lasts long enough for its own beat.
    schedules: {
      ...SCHEDULES,
      'survey-devices': { ...SCHEDULES['survey-devices'], everySeconds: 2 },
      'mirror-instances': { ...SCHEDULES['mirror-instances'], everySeconds: 2 },
    },
    wrap: stops.wrap,
  });
  stops.watchAcknowledgements(embedded.client);
  // At its end it is killed: the next one starts from what is compiled by now.
  flushCompileCache();
  say({ kind: 'ready', endpoint: embedded.endpoint, queueUrl: embedded.queueUrls['host-events'] });
}

/** One file for all lives, for who looks at a soak that went wrong. */
function logTo(path: string): Log {
  const file = openSync(path, 'a', 0o600);
  const write = (level: string) => (message: string, fields?: object) =>
    void writeSync(file, `${JSON.stringify({ atMs: Date.now(), pid: process.pid, level, message, ...fields })}\n`);
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

function sayDepths(): void {
  const depths = Object.values(embedded?.depths() ?? {});
  const sum = (of: 'visible' | 'inFlight' | 'delayed' | 'deadLettered'): number =>
    depths.reduce((total, depth) => total + depth[of], 0);
  const waiting = sum('visible') + sum('inFlight') + sum('delayed');
  say({ kind: 'depths', waiting, deadLettered: sum('deadLettered') });
}

process.on('message', (asked: Asked) => {
  if (asked.kind === 'disarm') armed.clear();
  if (asked.kind === 'depths') sayDepths();
  const work = asked.kind === 'start' ? start(asked.orders) : asked.kind === 'end' ? embedded?.stop() : undefined;
  work?.then(
    () => asked.kind === 'end' && process.exit(0),
    (error: unknown) => {
      say({ kind: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(1));
