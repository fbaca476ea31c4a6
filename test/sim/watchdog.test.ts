import { describe, expect, it } from 'vitest';
import { manualClock } from '#sim/clock.ts';
import { FaultBoard } from '#sim/faults.ts';
import { Journal } from '#sim/journal.ts';
import { seededRandom } from '#sim/random.ts';
import { buildHost, buildServer, defaultFlavors, type HostOptions } from '#sim/world/build.ts';
import { killCompute, powerOff, switchOutlet } from '#sim/world/power.ts';
import { feedWatchdog, letComputeStart } from '#sim/world/watchdog.ts';
import { World } from '#sim/world/world.ts';

const BOOT_MS = 120_000;
const GUARDED = { timeoutSeconds: 60, timeoutMs: 60_500, resetMs: 10_000 };

function aWorld(options: Partial<HostOptions>) {
  const clock = manualClock();
  const world = new World({
    clock,
    random: seededRandom(1),
    journal: new Journal(clock),
    faults: new FaultBoard(),
    options: {
      serviceDownSeconds: 20,
      evacuationMs: 10,
      liveMigrationMs: 10,
      rebuildsAtOncePerHost: 8,
      hostBootMs: BOOT_MS,
      shelveOffloads: false,
      resumeGuests: true,
    },
  });
  const host = buildHost(world, { name: 'compute-1', ...options });
  const [flavor] = defaultFlavors();
  if (flavor === undefined) throw new Error('there is no flavor');
  const of = { host: host.name, projectId: 'p', userId: 'u', flavor, imageId: null };
  buildServer(world, { ...of, name: 'web-1' });
  return { clock, world, host };
}

describe('a host with a hardware watchdog', () => {
  it('runs on while it is fed, whatever else of it is dead', () => {
    const { clock, world, host } = aWorld({ watchdog: GUARDED });
    killCompute(world, host);
    for (let count = 0; count < 5; count += 1) {
      feedWatchdog(world, host);
      clock.advance(60_000);
    }
    expect(host.guests.size).toBe(1);
  });

  it('is reset when it is not, at its own time: its guests end, and nobody starts them again', () => {
    const { clock, world, host } = aWorld({ watchdog: GUARDED });
    feedWatchdog(world, host);
    clock.advance(60_499);
    expect(host.watchdog?.state).toBe('armed');
    clock.advance(1);
    // No feeding holds it any more.
    feedWatchdog(world, host);
    clock.advance(9_999);
    expect(host.guests.size).toBe(1);
    clock.advance(1);
    expect(host).toMatchObject({ power: 'on', computeRunning: false });
    expect(host.guests.size).toBe(0);
    clock.advance(BOOT_MS);
    expect(host.computeRunning).toBe(false);
    feedWatchdog(world, host);
    letComputeStart(world, host);
    expect(host.computeRunning).toBe(true);
    expect(host.guests.size).toBe(0);
  });

  it('is not reset once it had no power', () => {
    const { clock, world, host } = aWorld({ watchdog: GUARDED });
    feedWatchdog(world, host);
    powerOff(world, host);
    clock.advance(300_000);
    expect(world.journal.facts.some((fact) => fact.kind === 'watchdog' && fact.what === 'fires')).toBe(false);
  });
});

describe('a host with two power supplies', () => {
  it('runs while one of their outlets is on, and starts when one is on again', () => {
    const { clock, world, host } = aWorld({ outlets: ['a', 'b'] });
    switchOutlet(world, host, 'a', 'off');
    expect(host.power).toBe('on');
    expect(host.guests.size).toBe(1);
    switchOutlet(world, host, 'b', 'off');
    expect(host.power).toBe('off');
    expect(host.guests.size).toBe(0);
    switchOutlet(world, host, 'a', 'on');
    clock.advance(BOOT_MS);
    expect(host).toMatchObject({ power: 'on', computeRunning: true });
  });
});
