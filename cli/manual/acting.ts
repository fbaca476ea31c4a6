import type { CommandOutcome } from '#shared/state/operator-log.ts';
import { type Entry, keysOf, type Manual, type Shape } from './entry.ts';

/** Every command of an operator prints what became of it, in one form. */
const TOLD: Shape = {
  form: 'object',
  keys: keysOf<CommandOutcome>({
    type: '`obeyed` or `refused`',
    command: 'what was asked for',
    commandId: 'its own id',
    on: 'of what: everything, a segment or a host',
    by: 'who, as `--by` says',
    sender: 'who has sent it, where that is told apart from the name',
    reason: 'why, as `--reason` says',
    said: 'what was done, or why not',
    incidentId: 'the incident that it was about; null: none',
    askedAtMs: 'when it was asked, Unix ms',
    atMs: 'when it was obeyed or refused, Unix ms',
  }),
};
const acting = (...examples: Entry['examples']): Entry => ({
  examples,
  exits: { 0: 'obeyed', 1: 'refused, or nobody has obeyed within --timeout: then it may be obeyed yet' },
  json: TOLD,
});

/** Commands by which a person steers. */
export const ACTING: Manual = {
  disarm: acting(
    ['disarm --reason "network maintenance" --for 2h', 'everything, for two hours'],
    ['disarm --segment rack-a --reason "new switches"', 'one segment, until it is armed'],
  ),
  arm: acting(['arm --reason "it is over"', 'what was disarmed goes on']),
  release: acting(
    ['release compute-7 --reason "looked: it is dead, the other two are a switch"', 'a held host goes on'],
    ['release compute-7 --gate reporters --reason "went there"', 'although this gate is closed, and no other'],
  ),
  dismiss: acting(['dismiss compute-7 --reason "its monitor was misconfigured"', 'its incident ends']),
  'confirm-off': acting(['confirm-off compute-7 --reason "went there, pulled both cables"', 'in place of its device']),
  return: acting(['return compute-7 --reason "new board"', 'given back as soon as it is up and well']),
  'maintenance on': acting([
    'maintenance on compute-7 --reason "memory change" --drain --for 2h',
    'disabled, its instances live-migrated away',
  ]),
  'maintenance off': acting(['maintenance off compute-7 --reason "done"', 'enabled again as soon as it is up']),
  redrive: {
    examples: [
      ['redrive', 'what failed too often, why, and what would come of it; nothing is done'],
      ['redrive fence-host --go', 'send those of one queue back'],
    ],
    json: {
      form: 'rows',
      keys: {
        queue: 'whose dead letter it is',
        messageId: 'as SQS has it',
        sentAt: 'ISO 8601',
        about: 'what it asks for',
        voidBecause: 'why nothing can come of it; null: it may still do something',
        body: 'the message',
        why: 'why messages of this queue failed, as far as that is known',
        done: 'whether it was sent back, or deleted as void',
      },
    },
  },
};
