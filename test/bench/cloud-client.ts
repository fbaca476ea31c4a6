import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CloudAddress, CloudReport, CloudRequest } from './cloud-process.ts';

/** A simulated cloud in a child process. */
export interface CloudClient {
  readonly address: CloudAddress;
  kill(victims: readonly string[]): Promise<void>;
  report(): Promise<CloudReport>;
  stop(): Promise<void>;
}

export async function forkCloud(options: Pick<CloudRequest, 'hosts' | 'instances' | 'victims'>): Promise<CloudClient> {
  const child = fork(fileURLToPath(new URL('./cloud-process.ts', import.meta.url)), { stdio: 'inherit' });
  const ask = asker(child);
  const address = (await ask({ do: 'start', ...options })) as CloudAddress;
  return {
    address,
    kill: async (victims) => void (await ask({ do: 'kill', victims })),
    report: async () => (await ask({ do: 'report' })) as CloudReport,
    stop: async () => {
      await ask({ do: 'stop' });
      child.disconnect();
    },
  };
}

function asker(child: ChildProcess): (request: Omit<CloudRequest, 'id'>) => Promise<unknown> {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error));
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the cloud's process ended with ${code}`));
  });
  return (request) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      child.send({ id: last, ...request });
    });
}
