import { verify } from '#cli/drill/verify.ts';
import type { StateReader } from '#shared/ports.ts';
import { AILING, type Scene, VICTIMS, WORKED } from './scene.ts';
import { auditOf, recordedMessages } from './state.ts';

/** What a recovery came to, by the cloud's own log and by the audit. */
export interface Judgement {
  /** In words, whatever is wrong; empty when nothing is. */
  readonly broken: readonly string[];
  readonly recovered: number;
  readonly eventsAccepted: number;
  readonly eventsLost: number;
  readonly eventsTwice: number;
  /** Evacuations that were accepted while another of the instance ran, and guests that ran twice. */
  readonly doubleEvacuations: number;
  readonly withoutProof: number;
  readonly auditRecords: number;
}

/** @param crashes of the single instance that were reported: each is answered by one reboot */
export async function judge(
  scene: Scene,
  accepted: ReadonlySet<string>,
  state: StateReader,
  crashes: number,
): Promise<Judgement> {
  const { cloud, protectedBefore, unprotected, single } = scene;
  const { streams } = await auditOf(scene, state);
  const verdicts = verify({
    cloud,
    victims: VICTIMS,
    protectedBefore,
    unprotected,
    mustRecover: true,
    audit: streams,
    killed: true,
    beside: { hosts: [WORKED, AILING], instances: [single.id] },
  });
  const count = (rule: RegExp): number =>
    verdicts.filter((verdict) => rule.test(verdict.rule)).reduce((sum, { broken }) => sum + broken.length, 0);
  const recorded = recordedMessages({ streams });
  const lost = [...accepted].filter((id) => !recorded.has(id));
  const twice = [...recorded].filter(([, times]) => times > 1);
  const broken = [
    ...besideFaults(scene, crashes),
    ...verdicts.flatMap(({ rule, broken }) => broken.map((each) => `${rule}: ${each}`)),
    ...lost.map((id) => `message ${id} was accepted, and is not on record`),
    ...twice.map(([id, times]) => `message ${id} is ${times} times on record`),
  ];
  return {
    broken,
    recovered: protectedBefore.length,
    eventsAccepted: accepted.size,
    eventsLost: lost.length,
    eventsTwice: twice.length,
    doubleEvacuations: count(/ran twice|one evacuation per instance/),
    withoutProof: count(/powered off and forced down/),
    auditRecords: [...streams.values()].reduce((sum, { records }) => sum + records.length, 0),
  };
}

/** What went on beside the failure has come to a good end, once. */
function besideFaults({ cloud, single }: Scene, crashes: number): string[] {
  const disabled = [WORKED, AILING].filter((host) => cloud.host(host).disabled);
  // By the hypervisor's own log: a request whose sender was killed takes effect, and is never answered.
  const starts = cloud.journal.ledger.filter(({ serverId, what }) => serverId === single.id && what === 'on').length;
  const reboots = starts - 1;
  return [
    ...disabled.map((host) => `${host} is left disabled`),
    ...(reboots === crashes ? [] : [`${single.name} was rebooted ${reboots} times`]),
  ];
}
