import { verify } from '#cli/drill/verify.ts';
import type { StateReader } from '#shared/ports.ts';
import { type Scene, VICTIMS } from './scene.ts';
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

export async function judge(scene: Scene, accepted: ReadonlySet<string>, state: StateReader): Promise<Judgement> {
  const { cloud, protectedBefore, unprotected } = scene;
  const { streams } = await auditOf(scene, state);
  const verdicts = verify({
    cloud,
    victims: VICTIMS,
    protectedBefore,
    unprotected,
    mustRecover: true,
    audit: streams,
    killed: true,
  });
  const count = (rule: RegExp): number =>
    verdicts.filter((verdict) => rule.test(verdict.rule)).reduce((sum, { broken }) => sum + broken.length, 0);
  const recorded = recordedMessages({ streams });
  const lost = [...accepted].filter((id) => !recorded.has(id));
  const twice = [...recorded].filter(([, times]) => times > 1);
  const broken = [
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
