import { describe, expect, it } from 'vitest';
import { goodWord } from '#shared/domain/confirm-off.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { FenceProof, HostFact, HostState, OffConfirmed } from '#shared/domain/host.ts';
import { decideOnIncident } from '#shared/domain/operator.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { aClaim, aHostIn, aSegment, NOW_MS, seconds } from '#test/support/builders.ts';
import { aCommand } from '#test/support/operator.ts';

const asked = (people: number) => aSegment({ fencing: { confirmOff: { people } } });
const confirm = (host: HostState, by: string, segment: Segment = asked(1), nowMs = NOW_MS) =>
  decideOnIncident(aCommand('confirm-off', { by }), host, false, segment, nowMs);
const saidBy = (host: HostState, by: string, segment: Segment): HostState => {
  const decision = confirm(host, by, segment);
  if ('refused' in decision) throw new Error(decision.refused);
  return decision.facts.reduce(evolveHost, host);
};

describe('a person who has seen that a host is off', () => {
  it.each(['held', 'fencing'] as const)('is noted while it is %s, and the next step is due at once', (status) => {
    expect(saidBy(aHostIn(status), 'ann', asked(1)).incident).toMatchObject({
      status,
      dueAtMs: NOW_MS,
      offConfirmed: { by: ['ann'], reason: 'network test', atMs: NOW_MS, complete: true },
    });
  });

  it.each(['suspected', 'forcing-down', 'planning', 'evacuating', 'handing-over', 'stopped'] as const)(
    'is refused while it is %s',
    (status) => {
      expect(confirm(aHostIn(status), 'ann')).toEqual({ refused: expect.stringContaining(`it is ${status}`) });
    },
  );

  it('is refused where the policy takes no word, or has the segment no more', () => {
    expect(confirm(aHostIn('fencing'), 'ann', asked(0))).toHaveProperty('refused');
    const command = aCommand('confirm-off');
    expect(decideOnIncident(command, aHostIn('fencing'), false, undefined, NOW_MS)).toHaveProperty('refused');
  });

  it('needs a second one where the policy asks for it, who is somebody else', () => {
    const one = saidBy(aHostIn('fencing'), 'ann', asked(2));
    expect(one.incident?.offConfirmed).toMatchObject({ by: ['ann'], complete: false });
    expect(confirm(one, 'ann', asked(2))).toEqual({
      refused: 'ann has said so already: another person must confirm it',
    });
    expect(saidBy(one, 'bob', asked(2)).incident?.offConfirmed).toMatchObject({ by: ['ann', 'bob'], complete: true });
  });

  it('is forgotten where the second one comes too late', () => {
    const one = saidBy(aHostIn('fencing'), 'ann', asked(2));
    const late = NOW_MS + seconds(3600) + 1;
    const again = decideOnIncident(
      aCommand('confirm-off', { by: 'bob', time: new Date(late).toISOString() }),
      one,
      false,
      asked(2),
      late,
    );
    expect(again).toMatchObject({ facts: [{ names: ['bob'], complete: false }] });
  });

  it('changes nothing of a word that counts, whoever says it once more', () => {
    const both = saidBy(saidBy(aHostIn('fencing'), 'ann', asked(2)), 'bob', asked(2));
    for (const by of ['ann', 'carl'])
      expect(confirm(both, by, asked(2))).toEqual({ refused: 'it is confirmed already, by ann and bob' });
  });

  it('may say it again when it is too old, or the host was seen up since', () => {
    const once = saidBy(aHostIn('fencing'), 'ann', asked(1));
    const late = NOW_MS + seconds(3601);
    const command = aCommand('confirm-off', { by: 'ann', time: new Date(late).toISOString() });
    const again = { facts: [{ names: ['ann'], complete: true, atMs: late }] };
    expect(decideOnIncident(command, once, false, asked(1), late)).toMatchObject(again);
    const seen = { ...once, claims: { '/m/a': aClaim('up', NOW_MS + seconds(1)) } };
    expect(confirm(seen, 'ann')).toHaveProperty('facts');
  });
});

describe('a word that was contradicted', () => {
  const reported = (says: 'up' | 'down', occurredAtMs: number): HostFact => ({
    type: 'reported',
    reporter: '/m/a',
    says,
    eventId: `${says} ${occurredAtMs}`,
    eventType: `host.${says}`,
    reason: null,
    repeats: 0,
    occurredAtMs,
    receivedAtMs: occurredAtMs,
  });
  const read = (power: 'on' | 'unknown'): HostFact => ({
    type: 'power-read',
    power,
    systemUuid: null,
    detail: '',
    durationMs: 0,
  });
  const afterwards = (facts: readonly HostFact[], people = 1): HostState =>
    facts.reduce(evolveHost, saidBy(aHostIn('fencing'), 'ann', asked(people)));
  const wordOf = ({ incident, claims }: HostState) =>
    goodWord(incident?.offConfirmed, claims, asked(1).fencing, NOW_MS + seconds(60));

  it('counts no more, though whoever saw the host up says down again', () => {
    const host = afterwards([reported('up', NOW_MS + seconds(20)), reported('down', NOW_MS + seconds(40))]);
    expect(wordOf(host)).toMatch(/the host was seen up since ann confirmed/);
    expect(confirm(host, 'ann')).toHaveProperty('facts');
  });

  it('is refuted by what was seen, of which the incident keeps the newest until a person has overruled it', () => {
    const host = afterwards([reported('up', NOW_MS + seconds(20)), reported('up', NOW_MS + seconds(10))]);
    expect(host.incident).toMatchObject({ seenUpAtMs: NOW_MS + seconds(20) });
    const release = { commandId: '', by: 'ann', reason: '', gates: [], atMs: NOW_MS, untilMs: NOW_MS } as const;
    const { incident } = aHostIn('stopped');
    if (incident?.status !== 'stopped') throw new Error('it is not stopped');
    const proof: FenceProof = {
      ...{ kind: 'power-off-read-back', systemUuid: null, detail: '' },
      ...{ readAtMs: NOW_MS - seconds(30), offSinceMs: NOW_MS - seconds(30) },
    };
    const seen = evolveHost(
      { ...aHostIn('stopped'), incident: { ...incident, proof } },
      reported('up', NOW_MS - seconds(1)),
    );
    expect(seen.incident).toHaveProperty('seenUpAtMs');
    expect(evolveHost(seen, { type: 'released', ...release }).incident).not.toHaveProperty('seenUpAtMs');
  });

  it('counts no more once a device has said on, though it says nothing by now', () => {
    expect(wordOf(afterwards([read('on'), read('unknown')]))).toMatch(/a device has said on since ann confirmed/);
  });

  it.each([
    [-6, { by: ['ann'] }],
    [-5, { by: ['ann'] }],
    [-4, /a device has said on since ann confirmed/],
  ])('and a device that was asked %d s from then has said on, which was kept', (afterSeconds, word) => {
    const kept = { ...read('on'), askedAtMs: NOW_MS + seconds(afterSeconds) } as HostFact;
    const found = wordOf(afterwards([kept, read('unknown')]));
    if (word instanceof RegExp) expect(found).toMatch(word);
    else expect(found).toMatchObject(word);
  });

  it('is not one of two that are asked for either', () => {
    const host = afterwards([reported('up', NOW_MS + seconds(20)), reported('down', NOW_MS + seconds(40))], 2);
    expect(saidBy(host, 'bob', asked(2)).incident?.offConfirmed).toMatchObject({ by: ['bob'], complete: false });
  });

  it('still counts where what was seen is older, or nothing was read', () => {
    expect(wordOf(afterwards([reported('up', NOW_MS - seconds(20)), read('unknown')]))).toMatchObject({ by: ['ann'] });
  });
});

describe('two people', () => {
  const ANN = 'AIDAEXAMPLEANN';
  const BOB = 'AIDAEXAMPLEBOB';
  const ROLE = 'AROAEXAMPLEROLE';
  const withSessions = aSegment({ fencing: { confirmOff: { people: 2, sessionRoles: [ROLE] } } });
  const sent = (host: HostState, by: string, sender: string | null, segment = asked(2)) =>
    decideOnIncident(aCommand('confirm-off', { by }), host, false, segment, NOW_MS, sender);
  const wordOf = (host: HostState, by: string, sender: string | null, segment = asked(2)): HostState => {
    const decision = sent(host, by, sender, segment);
    if ('refused' in decision) throw new Error(decision.refused);
    return decision.facts.reduce(evolveHost, host);
  };
  const begun = aHostIn('fencing');

  it('send it by two accounts, which are on record', () => {
    const one = wordOf(begun, 'ann', ANN);
    expect(one.incident?.offConfirmed).toMatchObject({ by: ['ann'], senders: [ANN], complete: false });
    expect(wordOf(one, 'bob', BOB).incident?.offConfirmed).toMatchObject({
      by: ['ann', 'bob'],
      senders: [ANN, BOB],
      complete: true,
    });
  });

  it('are not one account with two names, nor one name with two accounts', () => {
    const one = wordOf(begun, 'ann', ANN);
    expect(sent(one, 'bob', ANN)).toEqual({
      refused: `it comes from ${ANN}, which has said so already as ann: another person must confirm it, from an account of their own`,
    });
    expect(sent(one, 'ann', BOB)).toHaveProperty('refused');
  });

  it('are two sessions of a role only where the policy says so', () => {
    const one = wordOf(begun, 'ann', `${ROLE}:ann`);
    expect(sent(one, 'bob', `${ROLE}:bob`)).toEqual({
      refused: expect.stringContaining(`it comes from ${ROLE}, which`),
    });
    expect(sent(one, 'bob', `${ROLE}:bob`, withSessions)).toHaveProperty('facts');
    expect(sent(one, 'bob', `${ROLE}:ann`, withSessions)).toHaveProperty('refused');
  });

  it('are told by their names alone where nobody is told from another', () => {
    const one = wordOf(begun, 'ann', null);
    expect(one.incident?.offConfirmed).not.toHaveProperty('senders');
    expect(wordOf(one, 'bob', null).incident?.offConfirmed).toMatchObject({ by: ['ann', 'bob'], complete: true });
    expect(wordOf(one, 'bob', BOB).incident?.offConfirmed).toMatchObject({ senders: [null, BOB], complete: true });
  });

  it('may have one account where the policy asks for one', () => {
    expect(wordOf(begun, 'ann', ANN, asked(1)).incident?.offConfirmed).toMatchObject({
      senders: [ANN],
      complete: true,
    });
  });
});

describe('the word counts', () => {
  const { fencing } = asked(1);
  const word: OffConfirmed = { by: ['ann', 'bob'], reason: 'pulled', atMs: NOW_MS - seconds(100), complete: true };
  const claims = (upMs: number) => ({ '/m/a': aClaim('down', NOW_MS - seconds(200)), '/m/b': aClaim('up', upMs) });

  it('while it is young, whole, and nobody has seen the host since', () => {
    expect(goodWord(word, claims(NOW_MS - seconds(200)), fencing, NOW_MS)).toBe(word);
    expect(goodWord(word, {}, fencing, word.atMs + seconds(3600))).toBe(word);
  });

  it.each<[what: string, word: OffConfirmed | undefined, upMs: number, nowMs: number, because: RegExp]>([
    ['there is none', undefined, 0, NOW_MS, /nobody has confirmed/],
    ['another must say it too', { ...word, complete: false }, 0, NOW_MS, /not enough people/],
    ['it is old', word, 0, word.atMs + seconds(3601), /3601 s old, which counts for 3600 s/],
    ['the host was seen up', word, word.atMs, NOW_MS, /seen up since ann and bob/],
  ])('not when %s', (_, of, upMs, nowMs, because) => {
    expect(goodWord(of, claims(upMs), fencing, nowMs)).toMatch(because);
  });
});
