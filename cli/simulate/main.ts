import { parseArgs } from 'node:util';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { isAmong } from './among.ts';
import { defaultWorkers, explore, playSeed, WORKER } from './explore.ts';

/**
 * The exploration by itself: a worker of it, or a program whose first line is one JSON document, and whose exit status
 * is 1 when an invariant was broken. `--seeds N [--from X] [--workers n] [--among WHAT]`.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      among: { type: 'string' },
      workers: { type: 'string', default: String(defaultWorkers()) },
    },
  });
  const { among } = values;
  if (among !== undefined && !isAmong(among)) throw new Error(`no seeds are known by ${among}`);
  const { tally, broken, seconds } = await explore({
    ...(among === undefined ? {} : { among }),
    seeds: Number(values.seeds),
    from: Number(values.from),
    workers: Number(values.workers),
    workerFile: new URL(import.meta.url),
  });
  const { seeds, incidents, instances, faults } = tally;
  process.stdout.write(`${JSON.stringify({ broken, seeds, incidents, instances, faults, seconds })}\n`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}

if (isMainThread) await main();
else if (workerData === WORKER) {
  const port = parentPort;
  let last = Promise.resolve();
  port?.on('message', (seed: number) => {
    last = last.then(async () => port.postMessage(await playSeed(seed)));
  });
}
