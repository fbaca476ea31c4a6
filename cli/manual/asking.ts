import type { Checkpoint } from '#shared/domain/checkpoint.ts';
import type { JudgedDevice } from '#shared/domain/device-survey.ts';
import type { Explanation } from '#shared/domain/explain/words.ts';
import type { SegmentCapacity } from '#shared/domain/forecast/capacity.ts';
import type { PolicyChange } from '#shared/domain/policy-diff.ts';
import type { Replay } from '#shared/domain/replay/replay.ts';
import type { Verification } from '#shared/state/verify-audit.ts';
import type { Health } from '#shared/views/health.ts';
import type { WhatIf } from '#shared/views/what-if.ts';
import type { ChannelRow } from '../commands/notify.ts';
import { EXIT } from '../exit.ts';
import { keysOf, type Manual, RECORD_KEYS } from './entry.ts';

const BROKEN = { [EXIT.person]: 'the log is broken: a record was altered, left out, put in or moved' };
const RECORDS = 'its records, in order: `stream`, `seq`, `atMs`, `fact`, `previousHash`, `hash`';

/** Commands that tell why, and those that tell beforehand. */
export const ASKING: Manual = {
  explain: {
    examples: [['explain compute-7', 'in sentences why it was or was not fenced, with the numbers of each gate']],
    json: {
      form: 'object',
      keys: keysOf<Explanation>({
        host: 'its name',
        verdict: 'one sentence',
        paragraphs: 'each with `title` and `sentences`',
      }),
    },
  },
  audit: {
    examples: [
      ['audit compute-7', 'all of the newest incident of this host'],
      ['audit 01a2b3c4', 'of an incident, by the beginning of its id'],
    ],
    exits: BROKEN,
    json: {
      form: 'object',
      keys: { incident: 'its entry in the list of incidents', records: RECORDS, faults: 'what is broken; none: whole' },
    },
  },
  'audit verify': {
    examples: [
      ['audit verify', 'whether the whole log is whole'],
      ['audit verify --checkpoints checkpoints --public-key checkpoint.pub', 'and whether nothing was cut off'],
    ],
    exits: BROKEN,
    json: {
      form: 'object',
      keys: keysOf<Verification & { checkpoints: number }>({
        hosts: 'how many hosts',
        incidents: 'how many incidents of hosts',
        instances: 'how many single instances',
        processes: 'of how many hosts processes',
        streams: 'how many streams',
        records: 'how many records',
        checkpoints: 'how many signed checkpoints it was held against',
        findings: 'each with `stream`, `seq`, `what`; none: whole',
      }),
    },
  },
  'audit checkpoint': {
    examples: [['audit checkpoint --key checkpoint.key --append checkpoints', 'sign how far the log has come']],
    json: {
      form: 'object',
      keys: keysOf<Checkpoint>({
        version: 'of the form',
        atMs: 'when it was taken, Unix ms',
        previous: 'the hash of the checkpoint before it',
        heads: 'the end of each stream that has changed since',
        signature: 'Ed25519, over all of that',
      }),
    },
  },
  'audit host': {
    examples: [['audit host compute-7', 'what was said of it, how it came back, the planned work on it']],
    exits: BROKEN,
    json: {
      form: 'object',
      keys: { host: 'its name', records: RECORDS, faults: 'what is broken; none: whole' },
    },
  },
  'audit operators': {
    examples: [['audit operators', 'what people asked for, and what became of it']],
    json: { form: 'rows', keys: RECORD_KEYS },
  },
  'audit readiness': {
    examples: [['audit readiness compute-7', 'since when it could be fenced, and when not, and why']],
    json: { form: 'rows', keys: RECORD_KEYS },
  },
  replay: {
    examples: [
      ['replay compute-7', 'make every decision of its newest incident again, from the log alone'],
      ['replay compute-7 --policy other.yaml', 'the same under another policy'],
    ],
    exits: { [EXIT.person]: 'something is decided otherwise than it was, under the same policy' },
    json: {
      form: 'object',
      keys: keysOf<Replay & { incident: unknown; policy: unknown; otherwise: unknown }>({
        incident: 'its entry in the list of incidents; of an instance or processes the `stream`',
        policy: 'the file of `--policy`; null: the policies of then',
        decisions: 'each with what was recorded and what is decided again, in the order in which they were committed',
        first: 'the first that is decided otherwise; null: none',
        different: 'how many are',
        undecided: 'how many can not be decided again',
        otherwise: 'where the other policy would have led; null: not asked',
      }),
    },
  },
  doctor: {
    examples: [
      ['doctor', 'what is wrong, or about to be'],
      ['doctor --within 60', 'and certificates and credentials that end within 60 days'],
    ],
    exits: { [EXIT.person]: 'there is trouble; notes alone are none' },
    json: {
      form: 'object',
      keys: keysOf<Health>({
        atMs: 'when it was looked, Unix ms',
        hosts: 'how many hosts segments hold',
        symptoms: 'each with `level` (`trouble`, `note`), `what`, `about`, `says`; troubles first',
        remedies: 'what to do about each `what` that was found, and to which `area` it belongs',
        areas: 'each part of salvor with its `level`, and when it was seen at work',
        queues: 'each with what waits, and what failed too often; null: they can not be looked at',
      }),
    },
  },
  'notify channels': {
    examples: [['notify channels', 'how each channel of the policy does, and what it fails with']],
    json: {
      form: 'rows',
      keys: keysOf<ChannelRow>({
        name: 'of the channel',
        type: 'what it is',
        failures: 'tries in a row that it has not taken',
        failingSinceMs: 'Unix ms; null: it does not fail',
        nextAtMs: 'nothing is sent by it before, Unix ms',
        lastFailure: 'what its other end said, or whom the last notice has missed; null: it does not fail',
        lastTakenAtMs: 'when it has taken a notice last, Unix ms; null: never',
        taken: 'notices that it has taken',
        failed: 'tries that it has not',
        lost: 'notices that were given up',
        lostAtMs: 'when the last of them was, Unix ms; null: none was',
      }),
    },
  },
  'notify test': {
    examples: [
      ['notify test', 'one message by each channel, and what came back'],
      ['notify test night', 'by this channel'],
    ],
    exits: { [EXIT.failed]: 'one of them did not take it' },
    json: {
      form: 'rows',
      keys: {
        name: 'of the channel',
        type: 'what it is',
        kind: '`taken` or `failed`',
        detail: 'what its other end said',
        isRefusal: 'whether it would say so again to the same notice; of `failed`',
        retryAfterSeconds: 'when it wants to be asked again, where it says so; of `failed`',
      },
    },
  },
  'what-if': {
    examples: [
      ['what-if --host compute-7', 'which instances would come back if it failed now: where, when; which not, and why'],
      ['what-if --zone nova --live', 'of a whole zone, asking Nova now'],
      ['what-if --segment az1', 'of all hosts of a segment of the policy'],
    ],
    json: {
      form: 'object',
      keys: keysOf<WhatIf>({
        asOf: 'how old the sight of the cloud is',
        mirroredAtMs: 'when all instances had been listed, Unix ms; null: Nova was asked',
        pace: 'how long fencing and evacuations are taken to last, and from how many on record',
        hosts: 'each with `host`, `segment`, `blockers`: why it would not be fenced',
        instances: 'each with `outcome`, `destination`, `times`, `because`, in the order in which they would go',
        counts: 'how many instances have each outcome',
        lastUpAtSeconds: 'when the last is up, since the first report; null: nothing is evacuated',
        inShort: 'the whole in one line',
        countedWith: 'which times were measured here, and which are assumed',
      }),
    },
  },
  capacity: {
    examples: [['capacity', 'of each segment whether any one host that fails has room, and any two']],
    exits: { [EXIT.person]: 'a segment has no room for one host that fails' },
    json: {
      form: 'rows',
      keys: keysOf<SegmentCapacity>({
        segment: 'its name',
        hosts: 'how many it holds',
        instances: 'how many of its instances are protected',
        one: 'one host fails: `survives`, and the `worst` one with how much has no room',
        two: 'two hosts fail: the same',
        largest: 'the largest instance, and on how many other hosts it fits',
      }),
    },
  },
  'policy check': {
    examples: [['policy check policy.yaml', 'every fault, at its key, with what is allowed there']],
    json: {
      form: 'object',
      keys: {
        file: 'as given',
        segments: 'how many',
        fenceDevices: 'how many entries',
        notes: 'what may not be what is meant',
      },
    },
  },
  'policy show': { examples: [['policy show policy.yaml', 'as JSON, with every default filled in']] },
  'policy diff': {
    examples: [
      ['policy diff new.yaml', 'what would change against policy.yaml, and whether salvor then acts with fewer guards'],
      ['policy diff new.yaml --policy /etc/salvor/policy.yaml', 'against another file'],
    ],
    json: {
      form: 'rows',
      keys: keysOf<PolicyChange>({
        path: 'the key; segments by their names',
        kind: '`added`, `removed` or `changed`',
        before: 'as it is; null: there is none',
        after: 'as it would be; null: there is none',
        means: 'what that comes to, in words; null: the key says it all',
        guards: '`fewer` or `more` before salvor acts; null: neither',
      }),
    },
  },
  'policy devices': {
    examples: [
      ['policy devices policy.yaml', 'read the power of every protected host; nothing is changed'],
      ['policy devices policy.yaml --pin', 'print fenceDevices with the systems that have answered'],
    ],
    exits: { [EXIT.person]: 'a device is wrong' },
    json: {
      form: 'rows',
      keys: keysOf<JudgedDevice & { watchdog: boolean }>({
        host: 'the host',
        hostKey: 'cloud, region and UUID of its compute service',
        novaState: 'how Nova sees it: `up`, `down`; null: Nova can not be asked',
        watchdog: 'whether the policy takes its watchdog as proof',
        level: 'of its fencing topology, from 1',
        address: 'of the device; empty: the policy names none',
        driver: 'of the device; null: none',
        reading: 'what it answered: `power`, `systemUuid`, or what went wrong',
        configured: 'the `systemUuid` of the policy',
        bound: 'what it is bound to; null: this command does not look',
        verdict: '`good`, `unproven` or `wrong`',
        trouble: 'what kind of wrong; null: it is not',
        because: 'why',
      }),
    },
  },
};
