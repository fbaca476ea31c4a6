import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { operatorCommand } from '#events/operator-command.ts';
import type { HostState, Incident } from '#shared/domain/host.ts';
import { type Approval, readApproval } from '#shared/domain/notify/approval.ts';
import type { Secrets } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { type CommandOutcome, loadOutcome } from '#shared/state/operator-log.ts';
import { limitBody } from '../ingest/limit.ts';
import { approvalKeys } from './keys.ts';
import { type Asked, askPage, sayPage } from './page.ts';

export interface ApproveServices extends Pick<Services, 'state' | 'outbox' | 'clock' | 'policy' | 'log'> {
  readonly secrets: Secrets;
}

const MAX_BODY_BYTES = 16 * 1024;
const LONGEST_REASON = 500;
/** So long a page waits to say what became of it. */
const WAIT_MS = 5_000;
const LOOK_MS = 250;

/** What a link may be used for now, or why not. */
type Judged =
  | { readonly approval: Approval; readonly commandId: string; readonly host: HostState; readonly incident: Incident }
  | { readonly status: 403 | 404 | 409 | 410; readonly says: string };

/**
 * Approvals by expiring signed links. GET shows what will be done and changes nothing; POST with a reason asks for it, as the
 * person of the link and by the queue of operators, where salvor judges it like any other. A link is good for one command.
 */
export function approveApp(services: ApproveServices): Hono {
  const { state, outbox, clock, log } = services;
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'unsafe-inline'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      // The address is the approval: no other site is to have it.
      referrerPolicy: 'no-referrer',
    }),
  );
  app.use(async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
  });
  app.onError((error, c) => {
    log.error('an approval could not be looked at', { error: error.message });
    return c.html(sayPage('Not now', 'It could not be looked at. Try again, or use salvor itself.'), 503);
  });
  app.get('/approve/:token', async (c) => {
    const judged = await judge(services, c.req.param('token'));
    return 'says' in judged ? refuse(c, judged) : c.html(askPage(askedBy(judged)));
  });
  app.use(
    '/approve/:token',
    limitBody(MAX_BODY_BYTES, () => new Response('too large', { status: 413 })),
  );
  app.post('/approve/:token', async (c) => {
    const judged = await judge(services, c.req.param('token'));
    if ('says' in judged) return refuse(c, judged);
    const { reason } = await c.req.parseBody();
    const given = typeof reason === 'string' ? reason.trim() : '';
    if (given === '' || given.length > LONGEST_REASON)
      return c.html(
        sayPage('A reason is needed', `Say why, in ${LONGEST_REASON} characters at most. Nothing was done.`),
        400,
      );
    const { approval, commandId } = judged;
    const { act, hostKey, incidentId, gates, person } = approval;
    const said = { version: 1, id: commandId, time: new Date(clock.now()).toISOString(), by: person } as const;
    const on = { hostKey, incidentId, reason: `${given} (by a signed link)` };
    const asked = act === 'release' ? { type: act, gates } : { type: act };
    await outbox.send([{ message: operatorCommand.parse({ ...said, ...on, ...asked }), delaySeconds: 0 }]);
    log.info('an approval by link was asked for', { person, act, host: approval.host, incidentId, commandId });
    return c.html(became(await outcomeOf(commandId)));
  });
  app.all('*', (c) => c.html(sayPage('There is nothing here', 'A link to approve leads to /approve/…'), 404));
  return app;

  function refuse(c: Context, { status, says }: Extract<Judged, { readonly says: string }>) {
    return c.html(sayPage('Nothing was done', says), status);
  }

  async function outcomeOf(commandId: string): Promise<CommandOutcome | undefined> {
    const endMs = clock.now() + WAIT_MS;
    for (;;) {
      const outcome = await loadOutcome(state, commandId);
      if (outcome !== undefined || clock.now() >= endMs) return outcome;
      await clock.sleep(LOOK_MS);
    }
  }
}

async function judge({ state, clock, policy, secrets }: ApproveServices, token: string): Promise<Judged> {
  const approvals = policy.notify?.approvals;
  if (approvals === undefined) return { status: 404, says: 'The policy knows no approvals by links.' };
  const read = readApproval(token, await approvalKeys(secrets, approvals.key), clock.now());
  if (read.kind === 'forged') return { status: 403, says: 'This link was not made by this salvor, or was changed.' };
  if (read.kind === 'expired')
    return { status: 410, says: 'This link has expired. Use the console, or the command line.' };
  const { approval, commandId } = read;
  // As it is now: who has lost the role since has lost the link.
  if (policy.access?.people?.[approval.person]?.role !== 'approver')
    return { status: 403, says: `${approval.person} is no approver (any more).` };
  const outcome = await loadOutcome(state, commandId);
  if (outcome !== undefined)
    return { status: 409, says: `This link was used at ${new Date(outcome.atMs).toISOString()}: ${outcome.said}.` };
  const host = (await loadHost(state, approval.hostKey))?.value;
  const incident = host?.incident ?? null;
  if (host === undefined || incident === null || incident.id !== approval.incidentId)
    return { status: 410, says: `The incident of ${approval.host} has ended: there is nothing to approve.` };
  // The link was made while it was held; the one for a stop comes with the notice of the stop, and names no gates.
  if (approval.act === 'release' && approval.gates.length > 0 && incident.status === 'stopped')
    return {
      status: 409,
      says: `${approval.host} is stopped since (${incident.reason}): this link does not lift that.`,
    };
  return { approval, commandId, host, incident };
}

const became = (outcome: CommandOutcome | undefined) =>
  outcome === undefined
    ? sayPage('Asked for', 'salvor has it, and has not answered yet. The console shows what becomes of it.')
    : sayPage(outcome.type === 'obeyed' ? 'Done' : 'Refused', `${outcome.said}.`);

function askedBy({ approval, host, incident }: Exclude<Judged, { readonly says: string }>): Asked {
  const { act, gates, person, expiresAtMs } = approval;
  const closed = incident.status === 'held' ? incident.failedGates : [];
  const facts: Asked['facts'] = [
    ['Host', `${host.name}, segment ${incident.segment}`],
    ['Now', incident.status],
    ...closed.map(({ gate, because }): readonly [string, string] => [`Held by ${gate}`, because]),
    ['In the name of', person],
    ['Good until', new Date(expiresAtMs).toISOString()],
  ];
  if (act === 'confirm-off')
    return {
      title: `Confirm that ${host.name} is off?`,
      does: [
        'You say that you have seen it: the host is off and stays off.',
        'Its instances are then started on other hosts. If it still runs, both copies write to the same disks.',
      ],
      facts,
      confirm: 'I have seen that it is off',
    };
  const others = closed.filter(({ gate }) => !gates.includes(gate)).map(({ gate }) => gate);
  return {
    title: `Let ${host.name} go on?`,
    does:
      incident.status === 'stopped'
        ? [`It is stopped: ${incident.reason}. The stop is lifted, its power is read anew, and its segment goes on.`]
        : [
            `These gates are released for this incident: ${gates.join(', ')}. If all others are open, the host is powered off and its instances are evacuated.`,
            ...(others.length === 0 ? [] : [`Closed as well now, and not released by this: ${others.join(', ')}.`]),
          ],
    facts,
    confirm: 'Release',
  };
}
