import { describe, expect, it } from 'vitest';
import { outcomeOf } from '#infra/fence-worker/outcome.ts';
import type { Ran } from '#infra/fence-worker/run-program.ts';
import { redactor } from '#shared/http/redact.ts';

const ran = (changes: Partial<Ran>): Ran => ({
  ...{ code: 0, cutOff: false, stdout: '', stderr: '', durationMs: 7 },
  ...changes,
});
const redact = redactor(['geheim']);

describe('a status', () => {
  const status = (changes: Partial<Ran>) => outcomeOf('fence_x', 'status', ran(changes), redact);

  it('is what both the word and the end of the process say', () => {
    expect(status({ stdout: 'Status: ON\n' })).toEqual({ answer: 'on', detail: 'fence_x status says Status: ON' });
    expect(status({ stdout: 'Status: OFF\n', code: 2 })).toMatchObject({ answer: 'off' });
  });

  it.each([
    ['2 without a word, as of a Python that finds no program', { code: 2 }],
    ['2 with another word', { code: 2, stdout: 'Status: ON\n' }],
    ['0 with the word for off', { code: 0, stdout: 'Status: OFF\n' }],
    ['0 without a word', { code: 0 }],
    ['1', { code: 1, stdout: 'Status: OFF\n' }],
    ['a word within others', { code: 2, stdout: 'the last Status: OFF\n' }],
    ['a signal', { code: null, stdout: 'Status: OFF\n' }],
    ['that it was cut off', { code: null, cutOff: true, stdout: 'Status: OFF\n' }],
  ])('is unknown after %s', (_, changes) => {
    expect(status(changes).answer).toBe('unknown');
  });

  it('says what the agent has said last, without secrets, times and advice', () => {
    const stderr =
      "2026-01-01 00:00:00,000 ERROR: Failed: no login as geheim\n\n2026-01-01 00:00:00,000 ERROR: Please use '-h' for usage\n\n";
    expect(status({ code: 1, stderr }).detail).toBe('fence_x status ended with 1: ERROR: Failed: no login as ***');
  });
});

describe('a power-off', () => {
  const off = (changes: Partial<Ran>) => outcomeOf('fence_x', 'off', ran(changes), redact).answer;

  it('is accepted when the agent ends well, and unknown otherwise: it may have worked', () => {
    expect(off({ stdout: 'Success: Powered OFF\n' })).toBe('accepted');
    for (const changes of [{ code: 1 }, { code: 2 }, { code: null }, { code: null, cutOff: true }])
      expect(off(changes)).toBe('unknown');
  });

  it('is refused when nothing was begun', () => {
    expect(off({ code: null, notBegun: 'spawn EACCES' })).toBe('refused');
  });
});

describe('a login that is refused', () => {
  const status = (stderr: string, changes: Partial<Ran> = {}) =>
    outcomeOf('fence_x', 'status', ran({ code: 1, stderr, ...changes }), redact);
  /** As fencing.py logs, of programs that were run with the right and with a wrong password. */
  const log = (level: string, text: string) => `2026-01-01 00:00:00,000 ${level}: ${text}\n\n`;
  const plug = log('ERROR', 'Failed: Unable to obtain correct plug status or plug is not available');
  const ipmitool = (text: string) =>
    log('INFO', 'Executing: /usr/bin/ipmitool -P [set]') +
    log('DEBUG', `1  Loading IANA PEN Registry...\n${text}\nError: Unable to establish IPMI v2 / RMCP+ session\n`) +
    plug;

  it.each<[string, string]>([
    [ipmitool('> RAKP 2 HMAC is invalid'), 'RAKP 2 HMAC is invalid'],
    [ipmitool('RAKP 2 message indicates an error : unauthorized name'), 'unauthorized name'],
    [
      log('DEBUG', 'https://bmc:443 "GET /redfish/v1/Systems/1 HTTP/1.1" 401 300') +
        log('ERROR', 'Unable to get PowerState'),
      '401 300',
    ],
    [
      log('ERROR', 'Returned 1: snmpget: Authentication failure (incorrect password, community or key)'),
      'incorrect password',
    ],
    [log('ERROR', 'Failed: Unauthorized: The request you have made requires authentication.'), 'Unauthorized'],
  ])('is told apart: %j', (stderr, words) => {
    expect(status(stderr)).toMatchObject({
      answer: 'unknown',
      refused: 'credentials',
      detail: expect.stringContaining(words),
    });
  });

  it.each([
    [
      'the word of most agents, which is that of a dead board too',
      log('ERROR', 'Unable to connect/login to fencing device'),
    ],
    ['a session that could not be had', ipmitool('')],
    [
      'no place for one more session',
      ipmitool('RAKP 2 message indicates an error : insufficient resources for session'),
    ],
    ['another answer', log('DEBUG', 'https://bmc:443 "GET /redfish/v1/Systems/1 HTTP/1.1" 403 300')],
    ['a path with such a number', log('DEBUG', 'https://bmc:443 "GET /a/401 HTTP/1.1" 500 401')],
  ])('is not read into %s', (_, stderr) => {
    expect(status(stderr)).not.toHaveProperty('refused');
  });

  it('is none where the agent has read the power all the same', () => {
    const stderr = log('DEBUG', 'https://bmc:443 "GET /redfish/v1/ HTTP/1.1" 401 300');
    expect(status(stderr, { code: 0, stdout: 'Status: ON\n' })).not.toHaveProperty('refused');
    expect(status(stderr, { code: 2, stdout: 'Status: OFF\n' })).not.toHaveProperty('refused');
  });

  it('leaves out of the words what a loud agent logs besides', () => {
    expect(status(ipmitool('> RAKP 2 HMAC is invalid')).detail).toBe(
      'fence_x status ended with 1: ERROR: Failed: Unable to obtain correct plug status or plug is not available; RAKP 2 HMAC is invalid',
    );
    expect(status(log('INFO', 'Executing') + log('DEBUG', 'a\nb\nc')).detail).toBe(
      'fence_x status ended with 1: without a word',
    );
  });
});
