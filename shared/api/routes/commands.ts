import { randomUUID } from 'node:crypto';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { operatorCommand } from '#events/operator-command.ts';
import { mayAs, NEEDS } from '#shared/domain/roles.ts';
import { type CommandOutcome, loadOutcome } from '#shared/state/operator-log.ts';
import type { ApiServices } from '../app.ts';
import type { Limits } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { asked, outcomeSchema } from '../schemas/command.ts';
import type { ApiEnv } from '../who.ts';
import { answers, security } from './answers.ts';

const ask = createRoute({
  method: 'post',
  path: '/api/v1/commands',
  summary: 'Ask salvor for something, as "salvor disarm", "release", "confirm-off" and so on do',
  security,
  request: { body: { required: true, content: { 'application/json': { schema: asked } } } },
  responses: answers(
    z.strictObject({ id: z.uuid() }),
    'It is in the queue: /api/v1/commands/{id} tells what became of it.',
  ),
});

const outcome = createRoute({
  method: 'get',
  path: '/api/v1/commands/{id}',
  summary: 'What became of a command',
  security,
  request: { params: z.object({ id: z.uuid() }) },
  responses: answers(outcomeSchema, 'Obeyed or refused, and why.'),
});

export function commandRoutes(app: OpenAPIHono<ApiEnv>, { state, outbox, clock }: ApiServices, limits: Limits): void {
  app.openapi(ask, async (c) => {
    const { person } = c.var;
    limits.count('commands', person.name);
    const body = c.req.valid('json');
    if (!mayAs(person, NEEDS[body.type]))
      throw new Refusal(403, `${body.type} needs the role ${NEEDS[body.type]}, and ${person.name} is ${person.role}`);
    const id = randomUUID();
    const time = new Date(clock.now()).toISOString();
    const message = operatorCommand.parse({ ...body, version: 1, id, time, by: person.name });
    await outbox.send([{ message, delaySeconds: 0 }]);
    return c.json({ id }, 200);
  });
  app.openapi(outcome, async (c) => {
    const found: CommandOutcome | undefined = await loadOutcome(state, c.req.valid('param').id);
    if (found === undefined) throw new Refusal(404, 'nobody has obeyed it yet, or there is no such command');
    return c.json(found, 200);
  });
}
