import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { type Replay, replayHost } from '#shared/domain/replay/replay.ts';
import { otherCourse } from '#shared/domain/replay/what-if.ts';
import { PermanentError } from '#shared/errors.ts';
import { problem } from '#shared/ingest/problem.ts';
import { policyFromText } from '#shared/policy-text.ts';
import { loadEntry } from '#shared/state/hosts.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import type { ApiServices } from '../app.ts';
import { Refusal } from '../refusal.ts';
import { MOST_TOLD, replaySchema } from '../schemas/replay.ts';
import type { ApiEnv } from '../who.ts';
import { answers, security } from './answers.ts';

const MAX_BYTES = 1_000_000;

const replay = createRoute({
  method: 'post',
  path: '/api/v1/incidents/{id}/replay',
  summary: 'Make all decisions about an incident again from its log, under the policy of then or another, and compare',
  description: 'Nothing is changed, and nobody is asked: as "salvor replay --policy FILE" does.',
  security,
  middleware: bodyLimit({ maxSize: MAX_BYTES, onError: () => problem(400, `more than ${MAX_BYTES} bytes`) }),
  request: {
    params: z.object({ id: z.uuid() }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            policy: z.string().exactOptional().openapi({ description: 'YAML or JSON; absent: the one of then.' }),
          }),
        },
      },
    },
  },
  responses: answers(replaySchema, 'What is decided otherwise.'),
});

export function replayRoutes(app: OpenAPIHono<ApiEnv>, { state }: ApiServices): void {
  app.openapi(replay, async (c) => {
    const { policy: text } = c.req.valid('json');
    const entry = (await loadEntry(state, c.req.valid('param').id))?.value;
    if (entry === undefined) throw new Refusal(404, 'there is no such incident: /api/v1/incidents lists them');
    const other = text === undefined ? undefined : wanted(text);
    const log = await readHostLog(state, entry.hostKey);
    const again = replayHost(log, { incidentId: entry.id, other });
    const course = other === undefined ? undefined : otherCourse(log, entry.id, other, again);
    const otherwise = course === undefined ? null : { end: course.end, course: [...course.course] };
    return c.json({ ...told(again), otherwise }, 200);
  });
}

function wanted(text: string) {
  try {
    return policyFromText(text, 'the policy');
  } catch (error) {
    if (error instanceof PermanentError) throw new Refusal(400, error.message);
    throw error;
  }
}

function told({ decisions, different, undecided }: Replay) {
  const otherwise = decisions.filter(({ difference, cannot }) => difference !== null || cannot !== null);
  return {
    decisions: decisions.length,
    different,
    undecided,
    told: otherwise.slice(0, MOST_TOLD).map(({ stream, seq, atMs, by, recorded, decided, cannot, difference }) => ({
      stream,
      seq,
      atMs,
      by,
      recorded: recorded.map(typeOf),
      decided: decided?.map(typeOf) ?? null,
      cannot,
      at: difference?.at ?? null,
      was: json(difference?.recorded),
      is: json(difference?.decided),
    })),
  };
}

const typeOf = (fact: object): string => ('type' in fact ? String(fact.type) : '?');
const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
