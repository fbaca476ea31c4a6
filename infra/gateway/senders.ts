import type { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { sqsOutbox } from '#shared/adapters/sqs/outbox.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { httpTransport } from '#shared/http/transport.ts';
import type { Secrets } from '#shared/ports.ts';
import { VERSION } from '#shared/version.ts';
import type { Sender } from './forward.ts';

/** Where the token of a reporter is: the secret's field `token`. */
export interface HttpPlace {
  /** Of salvor: `https://salvor.example:9325`. */
  readonly endpoint: string;
  readonly secrets: Secrets;
  readonly token: string;
  readonly caPem?: string;
}

const TIMEOUT_MS = 10_000;
const DEFAULT_RETRY_SECONDS = 10;
const answerSchema = z.looseObject({
  detail: z.string().optional(),
  accepted: z.int().optional(),
  refused: z.array(z.object({ id: z.string(), because: z.string() })).default([]),
});

/** To the HTTP endpoint, in one request. The token is read each time, so that a changed one needs no restart. */
export function httpSender({ endpoint, secrets, token, caPem }: HttpPlace): Sender {
  const transport = httpTransport({ maxConnections: 2, ...(caPem === undefined ? {} : { caPem }) });
  const url = new URL('/v1/events', endpoint);
  return {
    send: async (events) => {
      const { token: value } = await secrets.get(token).catch((error: unknown) => {
        throw new RetryableError(error instanceof Error ? error.message : String(error));
      });
      const exchange = await transport.exchange({
        method: 'POST',
        url,
        headers: {
          authorization: `Bearer ${value}`,
          'content-type': 'application/cloudevents-batch+json',
          'user-agent': `salvor-gateway/${VERSION}`,
        },
        body: JSON.stringify(events),
        timeoutMs: TIMEOUT_MS,
      });
      if (exchange.kind === 'failed') throw new RetryableError(`${url.origin}: ${exchange.error}`);
      const { status, headers, body } = exchange;
      const { accepted, refused, detail = '' } = answerIn(body);
      if (status === 202 || (status === 403 && refused.length > 0)) return { refused };
      // What the others were, it has.
      if (status === 429 && accepted !== undefined)
        return { refused: [], later: { events: refused, afterMs: retryAfterMs(headers['retry-after']) } };
      const text = `${url.origin} answered ${status} ${detail}`.trim();
      // Who has no valid token now may have one in a minute.
      if (status === 401 || status === 429 || status >= 500) throw new RetryableError(text);
      throw new PermanentError(text);
    },
    close: () => transport.close(),
  };
}

const retryAfterMs = (header: string | undefined): number =>
  1000 * (/^\d{1,4}$/.test(header ?? '') ? Number(header) : DEFAULT_RETRY_SECONDS);

function answerIn(body: string): z.infer<typeof answerSchema> {
  try {
    return answerSchema.parse(JSON.parse(body));
  } catch {
    return { refused: [] };
  }
}

/** Straight into the queue `host-events`. */
export function sqsSender(client: SQSClient, queueUrl: string): Sender {
  const outbox = sqsOutbox(client, { 'host-events': queueUrl });
  return {
    send: async (events) => {
      await outbox.send(events.map((message) => ({ message, delaySeconds: 0 })));
      return { refused: [] };
    },
    close: async () => client.destroy(),
  };
}
