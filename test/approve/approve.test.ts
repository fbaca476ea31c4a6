/** Approvals by links: to look does nothing, and nobody but the person of the link, once and in time, gets salvor to do anything. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorCommand } from '#events/operator-command.ts';
import { notify } from '#functions/notify.ts';
import { served } from '#shared/api/served.ts';
import { type Approval, readApproval, signApproval } from '#shared/domain/notify/approval.ts';
import type { OutgoingNotice } from '#shared/ports.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { NO_KEYSTONE, secretsOf } from '#test/api/support.ts';
import { aPolicy, HOST_KEY, type PolicyInput, type SegmentInput, seconds } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';
import { people, SETTINGS } from './settings.ts';

const KEY = 'k'.repeat(32);
const OTHER = 'o'.repeat(32);
let services: FakeServices;
let pipeline: Pipeline;
let notices: (OutgoingNotice & { readonly to: string })[];
let secret: Record<string, string>;
beforeEach(() => {
  secret = { key: KEY };
});
afterEach(() => services.state.close());

async function start(segment: Partial<SegmentInput>, policy: Partial<PolicyInput> = {}): Promise<void> {
  notices = [];
  services = fakeServices(aPolicy({ ...SETTINGS, ...policy }, { graceSeconds: 30, ...segment }));
  let ids = 0;
  const id = (): string => {
    const time = services.clock.nowMs.toString(16).padStart(12, '0');
    ids += 1;
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(ids).padStart(12, '0')}`;
  };
  const notifier = {
    tell: async (channel: { readonly type: string }, notice: OutgoingNotice) => {
      notices.push({ ...notice, to: channel.type });
      return { kind: 'taken', detail: '' } as const;
    },
    beat: async () => ({ kind: 'taken', detail: '' }) as const,
  };
  services = Object.assign(services, { notifier, chance: { id, random: () => 0.5 } });
  pipeline = new Pipeline(services);
  await pipeline.start();
}

/** Held, since more hosts must stay than there are. */
const HELD = { minHealthyHosts: 10 };
const holding = async (segment: Partial<SegmentInput> = HELD): Promise<void> => {
  await start(segment);
  pipeline.report();
  await run(240);
};
async function run(forSeconds: number): Promise<void> {
  const endMs = services.clock.now() + seconds(forSeconds);
  await pipeline.run(forSeconds);
  services.clock.nowMs = Math.max(services.clock.nowMs, endMs);
  await notify(services);
}

/** The approval that came with a notice, changed or not. */
function approvalSent(changes: Partial<Approval> = {}): Approval {
  const found = notices.find(({ approve }) => approve !== null)?.approve?.approval;
  if (found === undefined) throw new Error('no notice came with a link');
  return { ...found, ...changes };
}
const tokenOf = (changes: Partial<Approval> = {}, key = KEY): string => signApproval(approvalSent(changes), [key]);

/** As one site and a stack serve it: beside the API, with the key where the secrets of channels are. */
const app = () => {
  const linkSecrets = { get: async () => secret };
  return served({ ...services, tokens: NO_KEYSTONE, secrets: secretsOf({}), linkSecrets, isLocal: false }, 'none');
};
const look = (token: string) => app().request(`http://salvor.test/approve/${token}`);
function approve(token: string, reason = 'I have looked at it') {
  const body = new URLSearchParams({ reason });
  return app().request(`http://salvor.test/approve/${token}`, { method: 'POST', body });
}
/** What was sent to the queue of operators. */
const asked = (): readonly OperatorCommand[] =>
  services.outbox.sent.flatMap(({ message }) =>
    message.type === 'release' || message.type === 'confirm-off' ? [message] : [],
  );
const incident = async () => (await loadHost(services.state, HOST_KEY))?.value.incident;

describe('a notice of a host that is held', () => {
  it('has a link for the person of the channel, and for nobody else', async () => {
    await holding();
    const held = notices.filter(({ kind }) => kind === 'held');
    expect(held.map(({ to, approve: link }) => [to, link?.approval.person, link?.approval.act])).toEqual([
      ['webhook', 'ann', 'release'],
      ['slack', undefined, undefined],
    ]);
    expect(approvalSent().gates).toEqual(['healthy-hosts']);
    expect(notices.filter(({ kind, approve: link }) => kind === 'opened' && link !== null)).toEqual([]);
  });

  it('has none for what nobody can release', async () => {
    await start({});
    services.cloud.novaIsAway = true;
    pipeline.report();
    await run(240);
    expect(notices.some(({ kind }) => kind === 'held')).toBe(true);
    expect(notices.every(({ approve: link }) => link === null)).toBe(true);
  });
});

describe('to look at a link', () => {
  beforeEach(() => holding());

  it('shows what will be done, in whose name, and does nothing', async () => {
    for (const method of ['GET', 'HEAD']) {
      const response = await app().request(`http://salvor.test/approve/${tokenOf()}`, { method });
      expect(response.status).toBe(200);
    }
    const page = await (await look(tokenOf())).text();
    for (const part of ['compute-1', 'healthy-hosts', 'ann', 'powered off', '<form method="post">', 'name="reason"'])
      expect(page).toContain(part);
    expect(asked()).toEqual([]);
  });

  it('is kept by nobody, framed by nobody, and told to no other site', async () => {
    const { headers } = await look(tokenOf());
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*form-action 'self'.*frame-ancestors 'none'/,
    );
  });
});

describe('to approve', () => {
  beforeEach(() => holding());

  it('lets the host go on, in the person’s name and with the reason', async () => {
    const response = await approve(tokenOf());
    expect(response.status).toBe(200);
    expect(asked()).toMatchObject([
      { type: 'release', by: 'ann', reason: 'I have looked at it (by a signed link)', gates: ['healthy-hosts'] },
    ]);
    await run(900);
    expect(await incident()).toBeNull();
    expect((await loadHost(services.state, HOST_KEY))?.value.lastIncident?.outcome).toBe('recovered');
  });

  it('needs a reason', async () => {
    expect((await approve(tokenOf(), '  ')).status).toBe(400);
    expect((await approve(tokenOf(), 'x'.repeat(501))).status).toBe(400);
    expect(asked()).toEqual([]);
  });

  it('works once, however often it is sent', async () => {
    const token = tokenOf();
    await Promise.all([approve(token), approve(token)]);
    expect(new Set(asked().map(({ id }) => id)).size).toBe(1);
    await run(1);
    expect((await approve(token)).status).toBe(409);
    expect((await look(token)).status).toBe(409);
    await run(60);
    const released = (await services.state.queryAudit('operators')).items;
    expect(released).toHaveLength(1);
  });

  it('is refused once the incident has ended, or is another', async () => {
    expect((await approve(tokenOf({ incidentId: '00000000-0000-4000-8000-000000000000' }))).status).toBe(410);
    await approve(tokenOf());
    await run(900);
    expect((await approve(tokenOf({ notice: 'another' }))).status).toBe(410);
  });

  it('is refused once it is stopped: the link was made for the gates that held it', async () => {
    const token = tokenOf();
    const { get } = services.state;
    const stop = {
      status: 'stopped',
      reason: 'off, and it speaks',
      powerOffs: 1,
      proof: null,
      evacuatingSinceMs: null,
    };
    services.state.get = async (key) => {
      const item = await get(key);
      const before = item?.body.incident;
      if (item === undefined || typeof before !== 'object' || before === null) return item;
      return { ...item, body: { ...item.body, incident: { ...before, ...stop } } };
    };
    for (const response of [await look(token), await approve(token)]) {
      expect(response.status).toBe(409);
      expect(await response.text()).toContain('is stopped since (off, and it speaks)');
    }
    expect(asked()).toEqual([]);
    expect((await look(tokenOf({ gates: [] }))).status).toBe(200);
  });

  it('is refused when it has expired, to the millisecond', async () => {
    const { expiresAtMs } = approvalSent();
    const token = tokenOf();
    services.clock.nowMs = expiresAtMs - 1;
    expect((await look(token)).status).toBe(200);
    services.clock.nowMs = expiresAtMs;
    expect((await approve(token)).status).toBe(410);
    expect(asked()).toEqual([]);
  });

  it('is refused to who is no approver now, whatever the link says', async () => {
    expect((await approve(tokenOf({ person: 'cat' }))).status).toBe(403);
    expect((await approve(tokenOf({ person: 'dan' }))).status).toBe(403);
    expect(asked()).toEqual([]);
  });

  it('is refused where the policy knows no approvals', async () => {
    const token = tokenOf();
    Object.assign(services, { policy: aPolicy({ access: { people } }) });
    expect((await approve(token)).status).toBe(404);
  });
});

describe('a link that was not made so', () => {
  beforeEach(() => holding());
  const [payloadOf, signatureOf] = [
    (token: string) => token.split('.')[0] ?? '',
    (token: string) => token.split('.')[1] ?? '',
  ];

  it('is refused, whichever character of it was changed', async () => {
    const token = tokenOf();
    for (let at = 0; at < token.length; at += 1) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      const read = readApproval(changed, [KEY], services.clock.now());
      // The last character of a signature has bits that stand for nothing: the same bytes are the same link.
      const isSame = at === token.length - 1 && read.kind === 'valid';
      if (!isSame) expect(read.kind, `character ${at}`).toBe('forged');
      else expect(read).toEqual(readApproval(token, [KEY], services.clock.now()));
    }
  });

  it.each([
    ['signed by another key', () => tokenOf({}, OTHER)],
    ['with the payload of another', () => `${payloadOf(tokenOf({ gates: ['observer'] }))}.${signatureOf(tokenOf())}`],
    ['without a signature', () => `${payloadOf(tokenOf())}.`],
    ['with half a signature', () => tokenOf().slice(0, -20)],
    ['with more behind it', () => `${tokenOf()}.x`],
    ['of nothing', () => 'x'],
  ])('%s', async (_, make) => {
    const token = make();
    expect((await look(token)).status).toBe(403);
    expect((await approve(token)).status).toBe(403);
    expect(asked()).toEqual([]);
  });

  it('is good by the key before, while keys change, and not longer', async () => {
    const token = tokenOf();
    secret = { key: OTHER, previousKey: KEY };
    expect((await look(token)).status).toBe(200);
    secret = { key: OTHER };
    expect((await look(token)).status).toBe(403);
  });

  it('is not looked at with a key that can be guessed', async () => {
    secret = { key: 'short' };
    expect((await look(tokenOf())).status).toBe(503);
    expect(services.lines.at(-1)?.fields).toMatchObject({ error: expect.not.stringContaining('short') });
  });
});

it('what was said is text on the page', async () => {
  await holding();
  const page = await (await look(tokenOf({ person: 'ann' }))).text();
  expect(page).not.toContain('<script');
  const gates = ['<img src=x onerror=alert(1)>'];
  expect(await (await look(tokenOf({ gates }))).text()).not.toContain('<img');
});

describe('that a host is off', () => {
  const two = { minHealthyHosts: 10, fencing: { confirmOff: { people: 2 } } };
  const confirm = (person: string, notice = 'n') => approve(tokenOf({ act: 'confirm-off', gates: [], person, notice }));

  it('is confirmed by two people where the policy asks for two, and not by one with two links', async () => {
    await holding(two);
    const page = await (await look(tokenOf({ act: 'confirm-off', gates: [] }))).text();
    expect(page).toContain('I have seen that it is off');
    await confirm('ann');
    await run(1);
    expect((await incident())?.offConfirmed).toMatchObject({ by: ['ann'], complete: false });
    await confirm('ann', 'another notice');
    await run(1);
    expect((await incident())?.offConfirmed).toMatchObject({ by: ['ann'], complete: false });
    await confirm('ben');
    await run(1);
    expect((await incident())?.offConfirmed).toMatchObject({ by: ['ann', 'ben'], complete: true });
  });
});
