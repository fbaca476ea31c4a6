import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type Replay, replayHost } from '#shared/domain/replay/replay.ts';
import { otherCourse } from '#shared/domain/replay/what-if.ts';
import { PermanentError } from '#shared/errors.ts';
import { policyFromText } from '#shared/policy-text.ts';
import { type IncidentEntry, loadEntry } from '#shared/state/hosts.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import type { ApiServices } from '../app.ts';
import type { OneAtATime } from '../one-at-a-time.ts';
import { Refusal } from '../refusal.ts';
import { MOST_OF_POLICY, policyText } from '../schemas/policy.ts';
import { MOST_TOLD, replaySchema } from '../schemas/replay.ts';
import type { ApiEnv } from '../who.ts';
import { answers, LATER, security } from './answers.ts';

const replay = createRoute({
  method: 'post',
  path: '/api/v1/incidents/{id}/replay',
  summary: 'Make all decisions about an incident again from its log, under the policy of then or another, and compare',
  description: 'Nothing is changed, and nobody is asked: as "salvor replay --policy FILE" does.',
  security,
  request: {
    params: z.object({ id: z.uuid() }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            policy: policyText.exactOptional().openapi({ description: 'YAML or JSON; absent: the one of then.' }),
          }),
        },
      },
    },
  },
  responses: { ...answers(replaySchema, 'What is decided otherwise.'), ...LATER },
});

export function replayRoutes(app: OpenAPIHono<ApiEnv>, { state }: ApiServices, queue: OneAtATime): void {
  app.openapi(replay, async (c) => {
    const { policy: text } = c.req.valid('json');
    const entry = (await loadEntry(state, c.req.valid('param').id))?.value;
    if (entry === undefined) throw new Refusal(404, 'there is no such incident: /api/v1/incidents lists them');
    return c.json(await queue.run(() => replayed(state, entry, text)), 200);
  });
}

async function replayed(state: ApiServices['state'], { id, hostKey }: IncidentEntry, text: string | undefined) {
  const other = text === undefined ? undefined : wanted(text);
  const log = await readHostLog(state, hostKey);
  const again = replayHost(log, { incidentId: id, other });
  const course = other === undefined ? undefined : otherCourse(log, id, other, again);
  const otherwise = course === undefined ? null : { end: course.end, course: [...course.course] };
  return { ...told(again), otherwise };
}

function wanted(text: string) {
  try {
    return policyFromText(text, 'the policy', MOST_OF_POLICY);
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
