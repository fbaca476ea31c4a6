import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { type Verification, verifyAudit } from '#shared/state/verify-audit.ts';
import type { ApiServices } from '../app.ts';
import { type OneAtATime, Shared } from '../one-at-a-time.ts';
import { verificationSchema } from '../schemas/health.ts';
import type { ApiEnv } from '../who.ts';
import { answers, LATER, security } from './answers.ts';

const verification = createRoute({
  method: 'get',
  path: '/api/v1/audit/verification',
  summary: 'Whether the whole audit log is the one that the state was written with',
  description:
    'Reads every record: the answer is up to a minute old. What was cut off with the state itself, signed checkpoints show: "salvor audit verify --checkpoints".',
  security,
  responses: { ...answers(verificationSchema, 'As "salvor audit verify" tells it.'), ...LATER },
});

const KEEP_MS = 60_000;

export function verificationRoutes(app: OpenAPIHono<ApiEnv>, { state, clock }: ApiServices, queue: OneAtATime): void {
  const kept = new Shared<Verification>(queue, KEEP_MS, clock);
  app.openapi(verification, async (c) => c.json(await kept.get('', () => verifyAudit(state, clock)), 200));
}
