import { describe, expect, it } from 'vitest';
import { personOf, senderOfCommand } from '#shared/domain/operator-sender.ts';
import { aSegment } from '#test/support/builders.ts';
import { aCommand } from '#test/support/operator.ts';

const OWN = { principals: ['AROAEXAMPLEOWN'] };
const confirm = aCommand('confirm-off', { login: 'uid 1000' });

describe('the sender of a command', () => {
  it('of a stack is whom SQS names, whatever the command says itself', () => {
    expect(senderOfCommand(confirm, 'AIDAEXAMPLEANN', OWN)).toBe('AIDAEXAMPLEANN');
    expect(senderOfCommand(confirm, 'AROAEXAMPLEROLE:ann', OWN)).toBe('AROAEXAMPLEROLE:ann');
    expect(senderOfCommand(aCommand('arm'), 'AIDAEXAMPLEANN', OWN)).toBe('AIDAEXAMPLEANN');
  });

  it('of a stack that is not named is one for all', () => {
    expect(senderOfCommand(confirm, undefined, OWN)).toBe(senderOfCommand(aCommand('arm'), undefined, OWN));
    expect(senderOfCommand(confirm, undefined, OWN)).not.toBeNull();
  });

  it('is not told where salvor itself has passed it on, or all senders have one name as on LocalStack', () => {
    expect(senderOfCommand(confirm, 'AROAEXAMPLEOWN:salvor-http-ingest', OWN)).toBeNull();
    expect(senderOfCommand(confirm, '000000000000', { principals: ['000000000000'] })).toBeNull();
  });

  it('at one site is the login as the command line found it', () => {
    expect(senderOfCommand(confirm, 'AIDAOFANYSDK', 'everybody')).toBe('uid 1000');
    expect(senderOfCommand(aCommand('confirm-off'), 'AIDAOFANYSDK', 'everybody')).toBeNull();
    expect(senderOfCommand(aCommand('arm'), undefined, 'everybody')).toBeNull();
  });
});

describe('the person behind it', () => {
  const { fencing } = aSegment();
  const named = aSegment({ fencing: { confirmOff: { sessionRoles: ['AROAEXAMPLEROLE'] } } }).fencing;

  it('is the user, or the login', () => {
    expect(personOf('AIDAEXAMPLEANN', fencing)).toBe('AIDAEXAMPLEANN');
    expect(personOf('uid 1000', fencing)).toBe('uid 1000');
  });

  it('is the role whatever its session is called, unless the policy says that sessions are people', () => {
    expect(personOf('AROAEXAMPLEROLE:ann', fencing)).toBe('AROAEXAMPLEROLE');
    expect(personOf('AROAEXAMPLEROLE:ann', named)).toBe('AROAEXAMPLEROLE:ann');
    expect(personOf('AROAEXAMPLEOTHER:ann', named)).toBe('AROAEXAMPLEOTHER');
  });
});
