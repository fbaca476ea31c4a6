import { type Fault, FaultBoard, type FaultSubject } from '#sim/faults.ts';
import type { Random } from '#sim/random.ts';
import type { FaultKind, PlannedFault } from '../faults.ts';
import { SALVOR } from '../ports/server-actions.ts';
import type { Director } from './director.ts';

type Planned =
  | 'evacuation-slow'
  | 'evacuation-stuck'
  | 'evacuation-dropped'
  | 'spawn-fails'
  | 'no-valid-host'
  | 'conductor-lingers'
  | 'host-field-late';
const PLANNED: ReadonlySet<string> = new Set<Planned>([
  'evacuation-slow',
  'evacuation-stuck',
  'evacuation-dropped',
  'spawn-fails',
  'no-valid-host',
  'conductor-lingers',
  'host-field-late',
]);

/** The cloud's fault board, which asks the director besides: those faults are planned by the recovery they disturb. */
export class StrikingBoard extends FaultBoard {
  readonly #director: Director;
  readonly #random: Random;
  /** Where Nova has an instance that an evacuation concerns. */
  hostOf: (serverId: string) => string | undefined = () => undefined;

  constructor(director: Director, random: Random) {
    super();
    this.#director = director;
    this.#random = random;
  }

  override take<K extends Fault['kind']>(kind: K, subject: FaultSubject = {}) {
    const set = super.take(kind, subject);
    if (set !== undefined || !PLANNED.has(kind) || subject.serverId === undefined) return set;
    const host = this.hostOf(subject.serverId);
    if (host === undefined) return undefined;
    // Nova moves the instance before it marks the migration (finish_evacuation): only two reads apart show the reverse,
    // of an evacuation that is followed. Whoever asks anew reads the instance last.
    if (kind === 'host-field-late' && subject.userId !== SALVOR.userId) return undefined;
    const fault = this.#director.pick(
      [kind as FaultKind],
      { hosts: [host], instanceId: subject.serverId },
      this.#random,
    );
    return fault && (asFault(fault) as Extract<Fault, { kind: K }>);
  }
}

/** In the form of the cloud's own faults. */
const asFault = ({ kind, sizeMs }: PlannedFault): Fault => ({ kind: kind as Planned, delayMs: sizeMs }) as Fault;
