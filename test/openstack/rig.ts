import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { ensureInstalled, type RigEnvironment, runScript } from './installation.ts';
import { type LedgerEntry, parseLedger } from './ledger.ts';

/** Who asks: a password of the `Default` domain. */
export type Account = { readonly user: string; readonly project: string; readonly password: string };

/** How to reach the BMCs of one host: two doors to one power cord. */
export type RigBmc = {
  /** Path of the host's ComputerSystem below {@link Rig.redfishUrl}. */
  readonly redfishSystemPath: string;
  /** The UUID that the ComputerSystem gives for itself. IPMI gives the same one, by the encoding `rfc4122`. */
  readonly systemUuid: string;
  /** UDP port on 127.0.0.1. ipmi_sim speaks cipher suite 3 (`ipmitool -C 3`), not 17. */
  readonly ipmiPort: number;
  readonly username: string;
  readonly password: string;
};

/** What another process needs to drive the same rig; see {@link attachRig}. Plain data. */
export type RigAddress = {
  readonly authUrl: string;
  readonly redfishUrl: string;
  readonly stateFolder: string;
  readonly computes: readonly string[];
  readonly env: RigEnvironment;
};

/** A real OpenStack on 127.0.0.1 with a fake hypervisor, see `rig/up.sh`. */
export type Rig = {
  readonly address: RigAddress;
  /** Keystone, with its `/v3`. */
  readonly authUrl: string;
  /** All of Nova's rights (admin), the account of the product under test (ha), and a plain tenant (demo). */
  readonly accounts: { readonly admin: Account; readonly ha: Account; readonly demo: Account };
  /** Service host names of the computes. */
  readonly computes: readonly string[];
  /** Root of all Redfish BMCs; each host is a ComputerSystem of its own. */
  readonly redfishUrl: string;
  bmc(host: string): RigBmc;
  /** kill -9 of the host's nova-compute; its guests go on running. */
  killCompute(host: string): Promise<void>;
  /** Starts the host's nova-compute and waits for its first report. Returns at once when it reports already. */
  startCompute(host: string): Promise<void>;
  /** The power cord itself, past both BMCs. Off kills nova-compute and all guests; on starts nova-compute. */
  power(host: string, action: 'on' | 'off' | 'status'): Promise<'on' | 'off'>;
  /** stuck: says yes and does nothing; error: answers an error; slow: takes 5 s. Goes for both BMCs. */
  bmcFault(host: string, fault: 'stuck' | 'error' | 'slow' | undefined): Promise<void>;
  /** What spawning a guest on the host does: fail once, fail always, hang till the fault is taken away. */
  spawnFault(host: string, fault: 'once' | 'always' | 'hang' | undefined): Promise<void>;
  /** The process of a guest ends by itself. Nova notices only where it is said to. */
  crashGuest(host: string, serverId: string, options: { readonly novaSees: boolean }): Promise<void>;
  ledger(): Promise<LedgerEntry[]>;
  /** Runs SQL in one of the rig's databases; rows are tab-separated lines. For states that no API call can reach. */
  sql(database: 'nova' | 'nova_api', statement: string): Promise<string>;
  /** Ends all of it. With RIG_KEEP=1 it goes on running, for the next run to find. */
  down(): Promise<void>;
};

const defaultPorts = { RIG_PORT_KEYSTONE: '15000', RIG_PORT_REDFISH: '18000' };
const upTimeoutMs = 10 * 60_000;

/**
 * Brings a rig up from zero (about a minute), installing it first when it is not yet.
 * RIG_KEEP=1 keeps one rig between runs: its state in RIG_STATE, or in the cache folder; it is not ended by `down`.
 * @param options.computes how many compute hosts there are: compute-1 and so on.
 * @param options.env knobs of `rig/env.sh`; RPC replies come without polling unless RIG_RPC_BLOCK says otherwise.
 * @throws RigUnavailable where it cannot be installed; another error when it does not come up.
 */
export async function openRig(options: { readonly computes: number; readonly env?: RigEnvironment }): Promise<Rig> {
  const knobs = { ...options.env };
  const kept = (knobs.RIG_KEEP ?? process.env.RIG_KEEP) === '1';
  await ensureInstalled(knobs);
  const stateFolder =
    knobs.RIG_STATE ??
    (kept
      ? (process.env.RIG_STATE ?? join(cacheFolder(), 'openstack-state'))
      : await mkdtemp(join(tmpdir(), 'salvor-rig-')));
  const env: RigEnvironment = {
    ...defaultPorts,
    ...rigVariables(),
    RIG_RPC_BLOCK: '1',
    ...knobs,
    RIG_STATE: stateFolder,
  };
  const computes = Array.from({ length: options.computes }, (_, index) => `compute-${index + 1}`);
  try {
    await runScript('up.sh', [String(options.computes)], env, { timeoutMs: upTimeoutMs });
  } catch (error) {
    // The state stays: its logs say what went wrong.
    await runScript('down.sh', [], env);
    throw error;
  }
  return attachRig({
    authUrl: `http://127.0.0.1:${env.RIG_PORT_KEYSTONE}/v3`,
    redfishUrl: `http://127.0.0.1:${env.RIG_PORT_REDFISH}`,
    stateFolder,
    computes,
    env: kept ? { ...env, RIG_KEEP: '1' } : env,
  });
}

/** Drives a rig that another process opened. */
export async function attachRig(address: RigAddress): Promise<Rig> {
  const { env, stateFolder, computes } = address;
  const password = env.RIG_PASSWORD ?? 'rig';
  const inventory = bmcInventory.parse(JSON.parse(await readFile(join(stateFolder, 'bmc.json'), 'utf8')));
  const fault = (host: string, kind: 'bmc' | 'spawn' | 'crash', word: string | undefined): Promise<void> => {
    const file = join(stateFolder, 'faults', `${host}.${kind}`);
    return word === undefined ? rm(file, { force: true }) : writeFile(file, `${word}\n`);
  };
  return {
    address,
    authUrl: address.authUrl,
    redfishUrl: address.redfishUrl,
    computes,
    accounts: {
      admin: { user: 'admin', project: 'admin', password },
      ha: { user: 'ha', project: 'service', password },
      demo: { user: 'demo', project: 'demo', password },
    },
    bmc(host) {
      const entry = inventory[host];
      if (entry === undefined) throw new Error(`The rig has no host ${host}`);
      return {
        redfishSystemPath: `/redfish/v1/Systems/${entry.systemId}`,
        systemUuid: entry.systemId,
        ipmiPort: entry.ipmiPort,
        username: 'admin',
        password,
      };
    },
    async killCompute(host) {
      await runScript('compute.sh', [host, 'kill'], env);
    },
    async startCompute(host) {
      await runScript('compute.sh', [host, 'start'], env);
    },
    async power(host, action) {
      if (action !== 'status') await runScript('bmc/power.sh', [host, action], { ...env });
      return powerState.parse((await runScript('bmc/power.sh', [host, 'status'], env)).trim());
    },
    bmcFault: (host, word) => fault(host, 'bmc', word),
    spawnFault: (host, word) => fault(host, 'spawn', word),
    async crashGuest(host, serverId, { novaSees }) {
      await rm(join(stateFolder, 'guests', host, serverId));
      await appendFile(join(stateFolder, 'ledger'), `${(Date.now() / 1000).toFixed(3)} ${host} ${serverId} off\n`);
      if (novaSees) await fault(host, 'crash', serverId);
    },
    async ledger() {
      return parseLedger(await readFile(join(stateFolder, 'ledger'), 'utf8'));
    },
    async sql(database, statement) {
      return (await runScript('sql.sh', [database], env, { input: statement })).trimEnd();
    },
    async down() {
      if (env.RIG_KEEP !== '1') await runScript('down.sh', ['--wipe'], env);
    },
  };
}

const bmcInventory = z.record(z.string(), z.object({ systemId: z.string(), ipmiPort: z.int() }));
const powerState = z.enum(['on', 'off']);

/** The knobs that were set outside, so that every later script of this rig sees the same ones. */
function rigVariables(): RigEnvironment {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      name.startsWith('RIG_') && value !== undefined ? [[name, value]] : [],
    ),
  );
}

function cacheFolder(): string {
  return process.env.SALVOR_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'salvor');
}
