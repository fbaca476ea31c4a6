/** The simulated cloud in a process of its own, so that a bench of the pipeline does not pay for it on the same core. */
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';

export interface CloudRequest {
  readonly id: number;
  readonly do: 'start' | 'kill' | 'report' | 'stop';
  readonly hosts?: number;
  /** Instances on each host that will die. */
  readonly instances?: number;
  readonly victims?: readonly string[];
}

export interface CloudAddress {
  readonly authUrl: string;
  readonly region: string;
  readonly applicationCredential: { readonly id: string; readonly secret: string };
  readonly bmcCredentials: { readonly username: string; readonly password: string };
  readonly systems: Readonly<Record<string, string>>;
}

/** What the cloud itself saw; times are Unix ms. */
export interface CloudReport {
  readonly evacuated: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly novaRequests: number;
  readonly evacuateRequests: number;
  readonly doubles: number;
}

let cloud: SimulatedCloud | undefined;

async function answer({ do: what, hosts = 6, instances = 0, victims = [] }: CloudRequest): Promise<unknown> {
  if (what === 'start') {
    cloud = await startSimulatedCloud({ hosts, evacuationMs: 0, serviceDownSeconds: 1, rebuildsAtOncePerHost: 10_000 });
    for (const host of victims) cloud.boot(instances, { host });
    return addressOf(cloud);
  }
  if (cloud === undefined) throw new Error('the cloud is not started');
  if (what === 'kill') for (const host of victims) cloud.killHost(host, { leaveGuestsRunning: true });
  if (what === 'report') return reportOf(cloud);
  if (what === 'stop') await cloud.stop();
  return null;
}

function addressOf(started: SimulatedCloud): CloudAddress {
  const { id, secret } = started.credentials.applicationCredential;
  const { authUrl, region, bmcCredentials } = started;
  const systems = started.hosts().map(({ name }) => [name, `${started.bmcUrl(name)}${started.bmcSystemPath(name)}`]);
  return {
    authUrl,
    region,
    applicationCredential: { id, secret },
    bmcCredentials,
    systems: Object.fromEntries(systems),
  };
}

function reportOf(started: SimulatedCloud): CloudReport {
  const done = started.journal.facts.flatMap((fact) =>
    fact.kind === 'migration' && fact.status === 'done' ? [fact.atMs] : [],
  );
  return {
    evacuated: done.length,
    firstAtMs: Math.min(...done),
    lastAtMs: Math.max(...done),
    novaRequests: started.requestLog.count({ api: 'nova' }),
    evacuateRequests: started.requestLog.count({ api: 'nova', operation: 'evacuate' }),
    doubles: started.ledger.filter(({ what }) => what === 'DOUBLE').length,
  };
}

process.on('message', (request: CloudRequest) => {
  answer(request)
    .then((result) => process.send?.({ id: request.id, result }))
    .catch((error: unknown) => process.send?.({ id: request.id, error: String(error) }));
});
