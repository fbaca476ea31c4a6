import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { shareOf } from '#test/support/share.ts';
import { PROFILES } from './profiles.ts';
import { figuresOf, line, type Outcome, report } from './report.ts';
import { searchProfile } from './search-profile.ts';

/**
 * `npm run model [-- --profile NAME … --jobs N --share 1/2 --json]`: searches every profile to its end, two at a time, the longest first. Progress goes
 * to standard error; standard output begins with `ok` or `violation <invariant> <profile>`, or is one JSON document. The
 * exit status is 1 unless every search came to its end.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      profile: { type: 'string', multiple: true },
      jobs: { type: 'string', default: '2' },
      share: { type: 'string', default: '1/1' },
      json: { type: 'boolean', default: false },
    },
  });
  const wanted = values.profile ?? PROFILES.map(({ name }) => name);
  const strange = wanted.filter((name) => !PROFILES.some((each) => each.name === name));
  if (strange.length > 0) {
    process.stderr.write(
      `no profile ${strange.join(', ')}; there are ${PROFILES.map(({ name }) => name).join(', ')}\n`,
    );
    return 2;
  }
  const waiting = [
    ...shareOf(
      [...wanted].sort((a, b) => placeOf(a) - placeOf(b)),
      values.share,
    ),
  ];
  const outcomes: Outcome[] = [];
  const startedMs = performance.now();
  const working = Array.from({ length: Number(values.jobs) }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const outcome = await inWorker(name);
      process.stderr.write(`${line(outcome)}\n`);
      outcomes.push(outcome);
      // The first one says enough: what is not under way yet is not begun.
      if (outcome.found.violation !== undefined) waiting.length = 0;
    }
  });
  await Promise.all(working);
  const sorted = wanted.flatMap((name) => outcomes.filter(({ profile }) => profile === name));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  process.stdout.write(
    values.json ? `${JSON.stringify(figuresOf(sorted, seconds), null, 2)}\n` : report(sorted, seconds),
  );
  return sorted.every(({ found }) => found.exhausted && found.violation === undefined) ? 0 : 1;
}

/** These take longest: begun last, one of them would leave the other core idle. */
const LONG: readonly string[] = ['fence-late-word', 'fence-operator', 'evacuate-return', 'storm', 'both'];
const placeOf = (name: string): number => (LONG.includes(name) ? LONG.indexOf(name) : LONG.length);

/** Each search has tables of its own, and all of one core. */
function inWorker(name: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: name,
      resourceLimits: { maxOldGenerationSizeMb: 4096 },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

if (isMainThread) process.exitCode = await main();
else parentPort?.postMessage(await searchProfile(String(workerData)));
