import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { RestartRequest } from '#events/restart-service.ts';
import type { Chance, Clock, LocalRestart } from '#shared/ports.ts';

/** Nobody waits for longer, so that a request that lay in the queue is void. */
const VALID_SECONDS = 15;

/**
 * Puts requests into the queue of the edge worker, which is another program at another place, and hears no answer: what
 * became of them is said by reports.
 */
export function sqsLocalRestart(
  client: SQSClient,
  queueUrl: string,
  { clock, chance }: { readonly clock: Pick<Clock, 'now'>; readonly chance: Pick<Chance, 'id'> },
): LocalRestart {
  return {
    async restart(_worker, host, service) {
      const startMs = clock.now();
      const request: RestartRequest = {
        type: 'restart-service',
        version: 1,
        id: chance.id(),
        time: new Date(startMs).toISOString(),
        validSeconds: VALID_SECONDS,
        host,
        service,
      };
      let detail = 'the edge worker was asked; whether the service runs is for reports to say';
      try {
        await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(request) }));
      } catch (error) {
        detail = `its queue may not have taken it: ${error instanceof Error ? error.message : String(error)}`;
      }
      return { kind: 'unknown', detail, durationMs: clock.now() - startMs };
    },
  };
}

/** Where no edge worker is set up. */
export const noLocalRestart: LocalRestart = {
  restart: async () => ({
    kind: 'refused',
    detail: 'no edge worker is set up: its queue is not known',
    durationMs: 0,
  }),
};
