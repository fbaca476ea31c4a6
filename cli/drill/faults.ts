import type { SimulatedCloud } from '#sim/controls.ts';
import type { Agents } from './agents.ts';
import type { FaultName } from './options.ts';

/** How a drill must end. Only `recovered` brings instances back; the others are what is right under that fault. */
export type Ending = 'recovered' | 'stood-down' | 'not-fenced' | 'held';

export interface DrillFault {
  /** What happens, for the one who watches. */
  readonly story: string;
  readonly ending: Ending;
  /** Before the host dies. */
  readonly prepare?: (scene: FaultScene) => void;
  /** After the agents have reported. */
  readonly afterReports?: (scene: FaultScene) => Promise<void>;
  /** When the first evacuation was accepted. */
  readonly afterFirstEvacuation?: (scene: FaultScene) => Promise<void>;
  /** Nobody reports anything: salvor itself looks at Nova. */
  readonly isAlone?: true;
  /** Hosts that die besides the first. */
  readonly alsoDie?: number;
}

export interface FaultScene {
  readonly cloud: SimulatedCloud;
  readonly victim: string;
  readonly agents: Agents;
}

export const FAULTS: Readonly<Record<FaultName, DrillFault>> = {
  'no-agents': {
    story: 'there is no agent at all: Nova itself is watched',
    ending: 'recovered',
    isAlone: true,
  },
  'bmc-dead': {
    story: 'the BMC died with its host: it never answers, so nothing proves that the host is off',
    ending: 'not-fenced',
    prepare: ({ cloud, victim }) => void cloud.faults.set({ kind: 'bmc-dead', how: 'close', host: victim }),
  },
  'bmc-stuck': {
    story: 'the BMC says yes to the power-off, and the power stays on',
    ending: 'not-fenced',
    prepare: ({ cloud, victim }) => void cloud.faults.set({ kind: 'bmc-stuck', host: victim }),
  },
  'bmc-slow': {
    story: 'the BMC takes two seconds for every answer',
    ending: 'recovered',
    prepare: ({ cloud, victim }) => void cloud.faults.set({ kind: 'bmc-slow', delayMs: 2000, host: victim }),
  },
  'already-off': {
    story: 'the host lost its power: it is off before anybody asks',
    ending: 'recovered',
    prepare: ({ cloud, victim }) => {
      cloud.faults.set({ kind: 'bmc-conflict-when-off', host: victim });
      cloud.powerOff(victim);
    },
  },
  'nova-503': {
    story: 'Nova answers 503 to twenty-five requests, evacuations among them',
    ending: 'recovered',
    afterReports: async ({ cloud }) => void cloud.faults.set({ kind: 'nova-503', count: 25 }),
  },
  'nova-timeout': {
    story: 'Nova takes three evacuations and answers 504 to each: nobody knows whether they run',
    ending: 'recovered',
    prepare: ({ cloud }) =>
      void cloud.faults.set({ kind: 'nova-500-after-effect', status: 504, on: 'evacuate', count: 3 }),
  },
  'slow-evacuation': {
    story: 'evacuations take eight seconds: they are waited for, never sent again',
    ending: 'recovered',
    prepare: ({ cloud }) => void cloud.faults.set({ kind: 'evacuation-slow', delayMs: 8000 }),
  },
  'spawn-fails': {
    story: 'three instances fail to start at their first destination',
    ending: 'recovered',
    prepare: ({ cloud }) => void cloud.faults.set({ kind: 'spawn-fails', count: 3 }),
  },
  'host-comes-back': {
    story: 'the host was only rebooting: it is up again within the grace period',
    ending: 'stood-down',
    afterReports: async ({ cloud, agents, victim }) => {
      cloud.startCompute(victim);
      await agents.wait(500);
      await agents.reportAll('host.up', victim);
    },
  },
  'host-powered-on': {
    story: 'somebody presses the power button of the fenced host while its instances are being evacuated',
    ending: 'recovered',
    prepare: ({ cloud }) => void cloud.faults.set({ kind: 'evacuation-slow', delayMs: 5000 }),
    afterFirstEvacuation: async ({ cloud, agents, victim }) => {
      await agents.wait(1_000);
      cloud.powerOn(victim);
      await agents.report('host.up', victim, 0);
    },
  },
  'duplicate-storm': {
    story: 'each agent sends its report a hundred times',
    ending: 'recovered',
    afterReports: ({ agents, victim }) => agents.storm('host.down', victim, 100),
  },
  'bad-input': {
    story: 'malformed, foreign, ancient and oversized events arrive in between',
    ending: 'recovered',
    afterReports: ({ agents }) => agents.nonsense(),
  },
  rack: {
    story: 'four hosts of six die at once: that is no host failure, and too few are left to take instances',
    ending: 'held',
    alsoDie: 3,
  },
};
