import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { keystoneReporter, type Reporter } from '#shared/domain/reporter.ts';
import { ConflictError, PermanentError, RetryableError } from '#shared/errors.ts';
import type { TokenOwner } from '#shared/ports.ts';
import type { Action, MasakariServices, Refused, Reply } from './call.ts';
import { badRequest, Fault, faultBody } from './faults.ts';
import { check } from './json-schema.ts';
import { HEADER, inHeader, type Microversion, microversionOf } from './microversion.ts';
import { permit } from './permissions.ts';

/** In seconds: monitors wait ten of their own accord. */
const RETRY_AFTER = '10';
/** `text/plain` counts as none: some HTTP libraries add it to requests without a body. */
const JSON_TYPES = ['application/json', 'application/vnd.openstack.masakari+json'];

export interface MasakariEnv {
  Variables: { owner: TokenOwner; requestId: string };
}

/** Lets in who has a token that Keystone knows. Of others nothing is read: what they send would fill the memory. */
export const letIn = (services: MasakariServices) =>
  createMiddleware<MasakariEnv>(async (c, next) => {
    const requestId = `req-${services.chance.id()}`;
    try {
      const owner = await ownerOf(services, c.req.header('x-auth-token'));
      if (owner === undefined) return await unauthenticated(services, requestId);
      c.set('owner', owner);
      c.set('requestId', requestId);
    } catch (error) {
      return faultResponse(faultOf(services, error, requestOf(c)), requestId, undefined);
    }
    return next();
  });

/** Checks one request in the order in which Masakari does, so that the first fault is the same one, and answers it. */
export async function serve(
  services: MasakariServices,
  c: Context<MasakariEnv>,
  action: Action | Refused,
): Promise<Response> {
  const { owner, requestId } = c.var;
  let microversion: Microversion | undefined;
  try {
    microversion = microversionOf(c.req.header(HEADER));
    const reply = await answer(services, c, action, owner, microversion);
    return jsonResponse(reply.status, reply.body, requestId, microversion);
  } catch (error) {
    return faultResponse(faultOf(services, error, requestOf(c)), requestId, microversion);
  }
}

const requestOf = (c: Context): string => `${c.req.method} ${new URL(c.req.url).pathname}`;

async function answer(
  services: MasakariServices,
  c: Context,
  action: Action | Refused,
  owner: TokenOwner,
  microversion: Microversion,
): Promise<Reply> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== '' && type !== 'text/plain' && !JSON_TYPES.includes(type))
    throw new Fault(415, 'Unsupported Content-Type');
  if (!('act' in action)) {
    const { method, action: name } = action;
    throw new Fault(405, `The request method: '${method}' with action: '${name}' is not allowed on this resource`);
  }
  const body = action.method === 'POST' || action.method === 'PUT' ? await jsonIn(c) : undefined;
  const project = c.req.param('project');
  if (project !== undefined && project !== owner.projectId)
    throw badRequest(
      `Malformed request URL: URL's project_id '${project}' doesn't match Context's project_id '${owner.projectId ?? 'None'}'`,
    );
  if (action.schema !== undefined) check(action.schema(microversion), body);
  const reporter = reporterOf(services, owner);
  permit(action, owner.roles, reporter, services.policy);
  const params = new URL(c.req.url).searchParams;
  return action.act({ services, owner, reporter, microversion, id: (name) => c.req.param(name) ?? '', params, body });
}

/** @throws RetryableError, PermanentError when Keystone can't be asked */
const ownerOf = (services: MasakariServices, token: string | undefined): Promise<TokenOwner | undefined> =>
  token === undefined ? Promise.resolve(undefined) : services.tokens.check(token);

/** What a user's words count under: who has the role and no entry in the policy's `reporters` is `masakari`. */
function reporterOf({ policy }: MasakariServices, { user }: TokenOwner): Reporter {
  const names = [user.name, user.id].flatMap((name) => [`${name}@${user.domain.name}`, `${name}@${user.domain.id}`]);
  return keystoneReporter(names, policy) ?? { name: 'masakari', host: null };
}

/** @throws Fault 400 for what is no JSON, or no UTF-8 */
async function jsonIn(c: Context): Promise<unknown> {
  const bytes = await c.req.arrayBuffer();
  if (bytes.byteLength === 0) return null;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badRequest('Malformed request body');
  }
}

/** What is temporary is a 503, never a 400 or 409: those who are told so try again. */
function faultOf({ log }: MasakariServices, error: unknown, request: string): Fault {
  if (error instanceof Fault) return error;
  const because = error instanceof Error ? error.message : String(error);
  if (error instanceof RetryableError || error instanceof ConflictError || error instanceof PermanentError) {
    log.warn('the Masakari API could not answer', { request, because });
    return new Fault(503, 'This can not be answered now: try again.');
  }
  log.error('the Masakari API failed', { request, because: error instanceof Error ? error.stack : because });
  return new Fault(500, 'Unexpected API Error: a fault of salvor. Its log says more.');
}

/** As keystonemiddleware answers, before Masakari has seen the request. */
async function unauthenticated({ tokens }: MasakariServices, requestId: string): Promise<Response> {
  const error = { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' };
  return new Response(JSON.stringify({ error }), {
    status: 401,
    headers: {
      'content-type': 'application/json',
      'www-authenticate': `Keystone uri="${await tokens.uri()}"`,
      'x-openstack-request-id': requestId,
    },
  });
}

function jsonResponse(
  status: number,
  body: object | undefined,
  requestId: string,
  microversion: Microversion,
): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...versionHeaders(microversion),
      'x-openstack-request-id': requestId,
    },
  });
}

function faultResponse(fault: Fault, requestId: string, microversion: Microversion | undefined): Response {
  const { status } = fault;
  return new Response(JSON.stringify(faultBody(fault)), {
    status,
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      ...(microversion === undefined ? {} : versionHeaders(microversion)),
      ...(status === 503 || status === 429 ? { 'retry-after': RETRY_AFTER } : {}),
      'x-openstack-request-id': requestId,
    },
  });
}

const versionHeaders = (microversion: Microversion) => ({ [HEADER]: inHeader(microversion), vary: HEADER });
