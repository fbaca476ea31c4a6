/** The API over fakes, asked by people of each role. */
import { type ApiServices, apiApp } from '#shared/api/app.ts';
import type { PolicyInput, SegmentInput } from '#test/support/builders.ts';
import { aPolicy } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';
import { NO_KEYSTONE, people, secretsOf, TOKENS } from './support.ts';

type Who = keyof typeof TOKENS;

export interface Asked {
  readonly services: FakeServices;
  readonly pipeline: Pipeline;
  get(path: string, who?: Who | null): Promise<Response>;
  post(path: string, body: object, who?: Who | null): Promise<Response>;
}

/** @param more ports that this server has, or has not */
export async function asking(
  policy: Partial<PolicyInput> = {},
  segment: Partial<SegmentInput> = {},
  more: Partial<ApiServices> = {},
): Promise<Asked> {
  const services = fakeServices(aPolicy({ access: { people }, ...policy }, { graceSeconds: 30, ...segment }));
  const pipeline = new Pipeline(services);
  await pipeline.start();
  const given = { secrets: secretsOf(TOKENS), tokens: NO_KEYSTONE };
  const app = apiApp({ ...services, ...given, isLocal: false, ...more });
  const ask = async (path: string, who: Who | null, init: RequestInit = {}) =>
    app.request(`http://salvor.test/api/v1/${path}`, {
      ...init,
      headers: {
        ...(who === null ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
  return {
    services,
    pipeline,
    get: (path, who = 'cat') => ask(path, who),
    post: (path, body, who = 'cat') => ask(path, who, { method: 'POST', body: JSON.stringify(body) }),
  };
}
