import { readdirSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { type Agent, openAgents } from '#infra/fence-worker/agents.ts';
import { faultOfRequest } from '#infra/fence-worker/parameters.ts';
import { PermanentError } from '#shared/errors.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import { defineFencingContract, type FencingContractHost } from '../contracts/fencing.ts';
import { aConfig, secretsOf } from '../infra/fence-worker/support.ts';
import { type AgentConfig, startWholeWay } from '../infra/fence-worker/whole-way.ts';
import { certificate } from '../support/tls.ts';
import { PASSWORD, startIpmiSim, USERNAME } from './ipmi-sim.ts';
import { describeWith, missingPrograms } from './program.ts';

const FOLDER = '/usr/sbin';
/** They are Pythons, each of which loads its libraries first. */
const TIMEOUT_SECONDS = 15;

const deviceBy = (agent: string, parameters: AgentConfig['parameters']): AgentConfig => ({
  driver: 'agent',
  agent,
  worker: 'rack-a',
  parameters,
  switches: 'system',
  credentials: 'bmc',
  timeoutSeconds: TIMEOUT_SECONDS,
});

type Machine = Pick<FencingContractHost, 'hasPower' | 'givePower' | 'spoil' | 'close'>;

/** Agents try on when a device says yes and does nothing, until they are cut off: they never say yes themselves. */
async function host(
  device: AgentConfig,
  credentials: { readonly username: string; readonly password: string },
  machine: Machine,
): Promise<FencingContractHost> {
  const secrets = secretsOf({ bmc: credentials, wrong: { ...credentials, password: 'not-the-password' } });
  const networks = [{ name: 'lab', addresses: ['127.0.0.0/8'], concurrency: 2 }];
  const config = aConfig({ agents: { [device.agent]: { parameters: {} } }, networks });
  const { fencing, stop } = await startWholeWay(device, { agentsFolder: FOLDER, config, secrets });
  return {
    ...machine,
    device: ({ password, systemUuid, address } = {}) =>
      fencing.device({
        ...device,
        ...(password === undefined ? {} : { credentials: 'wrong' }),
        ...(systemUuid === undefined ? {} : { systemUuid }),
        ...(address === undefined ? {} : { parameters: { ...device.parameters, ipport: '9' } }),
      }),
    systemUuid: null,
    tellsPassword: false,
    tellsRefusal: true,
    faults: ['error', 'hang'],
    close: async () => {
      await stop();
      await machine.close();
    },
  };
}

describeWith('fence_ipmilan behind a worker', missingPrograms('fence_ipmilan', 'ipmitool', 'ipmi_sim'), () => {
  defineFencingContract('fence_ipmilan at ipmi_sim', async () => {
    const sim = await startIpmiSim();
    const device = deviceBy('fence_ipmilan', {
      ...{ ip: '127.0.0.1', ipport: String(sim.port), lanplus: '1', cipher: '3', power_wait: '0' },
    });
    return host(
      device,
      { username: USERNAME, password: PASSWORD },
      {
        hasPower: async () => sim.power() === 'on',
        givePower: async () => sim.setPower('on'),
        spoil: async (fault) => sim.spoil(fault),
        close: sim.close,
      },
    );
  });
});

describeWith('fence_redfish behind a worker', missingPrograms('fence_redfish'), () => {
  defineFencingContract("fence_redfish at the simulated cloud's BMC", async () => {
    const name = 'compute-1';
    const sim = await startSimulatedCloud({ hosts: 2, tls: certificate() });
    const url = new URL(`${sim.bmcUrl(name)}${sim.bmcSystemPath(name)}`);
    const device = deviceBy('fence_redfish', {
      ...{ ip: url.hostname, ipport: url.port, systems_uri: url.pathname, ssl_insecure: '1' },
    });
    return host(device, sim.bmcCredentials, {
      hasPower: async () => sim.host(name).power === 'on',
      givePower: async () => sim.powerOn(name),
      spoil: async (fault) => {
        for (const kind of ['bmc-error', 'bmc-dead'] as const) sim.faults.clear(kind);
        if (fault === 'error') sim.faults.set({ kind: 'bmc-error', host: name });
        if (fault === 'hang') sim.faults.set({ kind: 'bmc-dead', host: name });
      },
      close: () => sim.stop(),
    });
  });
});

describeWith(
  'all fence agents of this machine',
  missingPrograms('fence_ipmilan', 'fence_sbd', 'fence_brocade', 'fence_watchdog'),
  () => {
    const names = readdirSync(FOLDER).filter((name) => /^fence_[a-z0-9_]+$/.test(name));
    const opened = new Map<string, Agent>();
    const refused = new Map<string, string>();

    beforeAll(async () => {
      for (const name of names) {
        try {
          const agents = await openAgents(FOLDER, aConfig({ agents: { [name]: { parameters: {} } } }));
          for (const agent of agents.values()) opened.set(name, agent);
        } catch (error) {
          if (!(error instanceof PermanentError)) throw error;
          refused.set(name, error.message);
        }
      }
    }, 600_000);

    it('are run, but for those whose word is no proof that a host has no power', () => {
      expect(opened.size).toBeGreaterThan(60);
      expect([...refused.keys()].sort()).toEqual([
        'fence_ack_manual',
        'fence_brocade',
        'fence_cisco_mds',
        'fence_compute',
        'fence_crosslink',
        'fence_dummy',
        'fence_evacuate',
        'fence_heuristics_ping',
        'fence_ifmib',
        'fence_kdump',
        'fence_mpath',
        'fence_ovh',
        'fence_rcd_serial',
        'fence_sanbox2',
        'fence_sbd',
        'fence_scsi',
        'fence_watchdog',
      ]);
    });

    it('are told by the queue where a device is and how it is spoken to, and nothing of the worker’s machine', () => {
      const taken = new Set<string>();
      for (const agent of opened.values())
        for (const [name, { type, options }] of agent.metadata.parameters) {
          const value = options[0] ?? (type === 'string' && /_(uri|path)$/.test(name) ? '/x' : '1');
          if (faultOfRequest(agent, { [name]: value }) === undefined) taken.add(name);
        }
      expect([...taken].sort()).toMatchInlineSnapshot(`
      [
        "api_path",
        "api_type",
        "api_version",
        "apitimeout",
        "apiversion",
        "auth",
        "baremetalsolution",
        "boot_option",
        "cipher",
        "cloud",
        "connect_retries",
        "connect_timeout",
        "crn",
        "disable_http_filter",
        "disable_ssl",
        "earlyexit",
        "errortimeout",
        "filter",
        "force",
        "graceful",
        "hmc_version",
        "host_os",
        "inet4_only",
        "inet6_only",
        "instance",
        "ip",
        "ipmitool_timeout",
        "ipport",
        "lanplus",
        "limit",
        "load_on_activate",
        "login_timeout",
        "managed",
        "msi",
        "namespace",
        "nodename",
        "notls",
        "operation_timeout",
        "page",
        "plug",
        "port",
        "power_timeout",
        "power_wait",
        "privlvl",
        "project",
        "project_domain_name",
        "project_name",
        "pve_node",
        "pve_node_auto",
        "ram_role",
        "read_retries",
        "read_timeout",
        "redfish_uri",
        "region",
        "resourceGroup",
        "retries",
        "retry_on",
        "retrysleep",
        "ribcl_version",
        "shell_timeout",
        "snmp_auth_prot",
        "snmp_priv_prot",
        "snmp_sec_level",
        "snmp_version",
        "ssh",
        "ssl",
        "ssl_insecure",
        "ssl_secure",
        "stackdriver_logging",
        "stonith_status_sleep",
        "suborg",
        "subscriptionId",
        "switch",
        "systems_uri",
        "target",
        "tenantId",
        "tenant_name",
        "tls1.0",
        "use_cookies",
        "use_sudo",
        "user_domain_name",
        "username",
        "uuid",
        "vmtype",
        "vmware_datacenter",
        "vmware_type",
        "warntimeout",
        "zone",
      ]
    `);
    });
  },
);
