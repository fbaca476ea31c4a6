import type { SegmentRow } from '#shared/domain/now/segments.ts';
import type { InstanceEntry } from '#shared/state/instances.ts';
import type { Parked } from '#shared/state/parked.ts';
import type { ProcessEntry } from '#shared/state/processes.ts';
import type { NowView } from '#shared/views/now.ts';
import type { ReportersView } from '#shared/views/reporters.ts';
import { EXIT } from '../exit.ts';
import { ENTRY_KEYS, keysOf, type Manual, RECORD_KEYS } from './entry.ts';

const NOW = 'the open incident as it stands; null: it has ended';

/** Commands that list what is. */
export const LOOKING: Manual = {
  status: {
    examples: [
      ['status', 'on one screen: what is down, what salvor does about it, what needs you'],
      ['status --json | jq .needs', 'only what needs a person, with the commands that would help'],
    ],
    exits: { [EXIT.person]: 'something needs a person: the list NEEDS YOU names it' },
    json: {
      form: 'object',
      keys: keysOf<NowView>({
        atMs: 'when it was read, Unix ms',
        beat: 'when `sweep` has run last; null: never',
        disarmed: 'what is switched off, by whom, until when and why',
        segments: 'each with its hosts by state, as `salvor segments`',
        hosts: 'every host with its state and whether it could be fenced',
        incidents: 'open incidents of hosts, the oldest first, with the progress of their instances',
        others: 'how many incidents of `instances` and `processes` are open',
        needs: 'what waits for a person: `about`, `says`, `commands`',
      }),
    },
  },
  watch: {
    examples: [
      ['watch', 'each step of every open incident as it is put on record, until Ctrl-C'],
      ['watch --until-quiet --json', 'for a script: ends when nothing is open any more'],
    ],
    json: {
      form: 'lines',
      keys: {
        host: 'the host whose record it is',
        about: 'the instance, of records of a task; else the host',
        ...RECORD_KEYS,
      },
    },
  },
  incidents: {
    examples: [['incidents', 'all of them, the oldest first; of open ones where they stand and why']],
    json: {
      form: 'object',
      keys: {
        disarmed: 'what is switched off, by whom, until when and why',
        incidents:
          'each with `id`, `host`, `hostKey`, `segment`, `openedAtMs`, `closedAtMs`, `outcome`, `because`, `counts`; of open ones `now` and what its instances wait for (`waits`)',
      },
    },
  },
  hosts: {
    examples: [
      ['hosts', 'those of which there is something to tell'],
      ['hosts --all', 'every host of the mirror'],
    ],
    json: {
      form: 'object',
      keys: {
        hosts: 'each with `host`, `segment`, `state`, `why`, `returning`, `maintenance`, `lastReturn`',
        others: 'how many there are of which there is nothing to tell',
      },
    },
  },
  segments: {
    examples: [['segments', 'how the hosts of each are, and whether it has room for one that fails']],
    json: {
      form: 'rows',
      keys: keysOf<SegmentRow>({
        segment: 'its name',
        hosts: 'how many it holds',
        states: 'how many of them are in which state',
        notFenceable: 'how many could not be fenced now',
        disarmed: 'whether it, or everything, is switched off',
        survivesOne: 'whether there is room for any one host that fails; null: not known',
        survivesTwo: 'the same of any two',
      }),
    },
  },
  instances: {
    examples: [['instances --open', 'single instances that failed on hosts that live, and are not settled']],
    json: {
      form: 'rows',
      keys: keysOf<InstanceEntry & { now: unknown }>({ ...ENTRY_KEYS, instanceId: 'UUID of the instance', now: NOW }),
    },
  },
  processes: {
    examples: [['processes', 'hosts that live, and on which processes have stopped']],
    json: {
      form: 'rows',
      keys: keysOf<ProcessEntry & { now: unknown }>({ ...ENTRY_KEYS, now: NOW }),
    },
  },
  reporters: {
    examples: [
      ['reporters', 'who reported what and when; who disagrees, flaps or is silent'],
      ['reporters --host compute-7 --policy policy.yaml', 'of one host, and which reporters were never heard'],
    ],
    json: {
      form: 'object',
      keys: keysOf<ReportersView>({
        reports: 'each with `reporter`, `host`, `says`, `heardAtMs`, `remarks`',
        refused: 'what reporters were refused, why, and how often',
        unheard: 'reporters of `--policy` that never said anything',
        coverage: 'of each protected host who was `heard`, and how many are `required`; none without `--policy`',
      }),
    },
  },
  parked: {
    examples: [['parked', 'what came in and could not be acted on, and what failed too often']],
    json: {
      form: 'rows',
      keys: keysOf<Parked>({
        id: 'its own: one for each reason and subject',
        subject: 'what it was about',
        because: 'why nothing could be done',
        count: 'how often it came',
        firstAtMs: 'Unix ms',
        lastAtMs: 'Unix ms',
        sample: 'one of the messages',
      }),
    },
  },
};
