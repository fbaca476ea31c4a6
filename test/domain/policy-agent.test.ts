import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import { fenceWorkersOf } from '#shared/domain/fence-workers.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { isSecret } from '#shared/domain/policy-agent.ts';
import { addressOf } from '#shared/domain/policy-devices.ts';
import { proofNote } from '#shared/domain/slow-agents.ts';

const agent = {
  driver: 'agent',
  agent: 'fence_apc_snmp',
  parameters: { ip: 'pdu-1', plug: '3' },
  credentials: 'pdu',
} as const;
const plugged = (parameters: object) => ({ ...agent, parameters });
const withDevices = (fenceDevices: object, fencing: object = {}) => ({
  version: 1,
  segments: [{ name: 'a', hosts: { availabilityZone: 'nova' }, fencing }],
  fenceDevices,
});
const policyWith = (fenceDevices: object) => policySchema.parse(withDevices(fenceDevices));
/** What is wrong with the policy, one line per fault; empty when nothing is. */
function faults(fenceDevices: object, fencing?: object): string {
  const parsed = policySchema.safeParse(withDevices(fenceDevices, fencing));
  return parsed.success ? '' : z.prettifyError(parsed.error);
}

describe('a device by a fence agent', () => {
  it('is run by the worker "default", and switches the system, unless it says otherwise', () => {
    const a = { ...agent, worker: 'rack-a', switches: 'outlet' };
    const policy = policyWith({ a, b: plugged({ ip: 'pdu-2' }) });
    expect(fenceDeviceOf(policy, 'a')).toMatchObject({ worker: 'rack-a', switches: 'outlet', timeoutSeconds: 10 });
    expect(fenceDeviceOf(policy, 'b')).toMatchObject({ worker: 'default', switches: 'system' });
    expect(fenceWorkersOf(policy)).toEqual(['default', 'rack-a']);
  });

  it('holds the name of the host wherever a parameter asks for it', () => {
    const policy = policyWith({ '*': plugged({ ip: '{host}.pdu', plug: 'of-{host}', lanplus: '1' }) });
    expect(fenceDeviceOf(policy, 'compute-1')).toMatchObject({
      parameters: { ip: 'compute-1.pdu', plug: 'of-compute-1', lanplus: '1' },
    });
  });

  it.each([
    [plugged({ ip: 'pdu-1', plug: '3', snmp_version: '2c' }), 'agent at ip=pdu-1 plug=3'],
    [plugged({ project: 'p', filter: 'f' }), 'agent at filter=f project=p'],
  ])('is told from others by where it is', (device, address) => {
    const found = fenceDeviceOf(policyWith({ a: device }), 'a');
    expect(found && addressOf(found)).toBe(address);
  });

  it.each<[what: string, devices: object, fault: RegExp]>([
    ['an old name', { a: plugged({ ipaddr: 'pdu-1' }) }, /ipaddr is called ip today/],
    ['an old name of the plug', { a: plugged({ ip: 'pdu-1', port: '3' }) }, /port is called plug today/],
    ['an old name of the password', { a: plugged({ ip: 'pdu-1', passwd: 'x' }) }, /passwd is called password today/],
    ['a secret', { a: plugged({ ip: 'pdu-1', community: 'x' }) }, /community is a secret/],
    ['several outlets', { a: plugged({ ip: 'pdu-1', plug: '3,4' }) }, /list them as devices of one level/],
    ['a system', { a: { ...agent, systemUuid: '4c4c4544-0051-3510-8052-b7c04f4e4e32' } }, /leave out systemUuid/],
    ['the outlet of another host', { a: agent, b: plugged({ ...agent.parameters, retries: '2' }) }, /also that of a/],
    [
      'the outlet of another host by another agent',
      { a: agent, b: { ...agent, agent: 'fence_apc' } },
      /also that of a; a device belongs to one host/,
    ],
    ['one outlet for all hosts', { '*': agent }, /must hold \{host\}/],
    ['no agent', { a: { ...agent, agent: '/usr/bin/reboot' } }, /at fenceDevices.a/],
    ['no worker', { a: { ...agent, worker: 'Rack A' } }, /at fenceDevices.a/],
    ['a number', { a: plugged({ plug: 3 }) }, /at fenceDevices.a/],
  ])('may not name %s', (_, devices, fault) => {
    expect(faults(devices)).toMatch(fault);
  });

  it('may share its address with others as long as the outlets differ', () => {
    expect(
      faults({ a: agent, b: plugged({ ip: 'pdu-1', plug: '4' }), '*': plugged({ ip: 'pdu-9', plug: '{host}' }) }),
    ).toBe('');
  });

  it.each<[timeoutSeconds: number, proofMaxAgeSeconds: number, fault: RegExp]>([
    [15, 30, /^$/],
    [16, 63, /fencing.proofMaxAgeSeconds/],
    [16, 64, /^$/],
    [
      120,
      479,
      /segment a: with a fence agent that may take 120 s a proof must be good for 480 s.* hosts that take longer to boot/,
    ],
    [120, 480, /^$/],
    [121, 600, /at fenceDevices.a/],
  ])('may take %d s where proofs are good for %d s, or not', (timeoutSeconds, proofMaxAgeSeconds, fault) => {
    const said = faults({ a: { ...agent, timeoutSeconds }, b: plugged({ plug: '9' }) }, { proofMaxAgeSeconds });
    expect(said).toMatch(fault);
  });

  it.each<[timeoutSeconds: number, note: string | undefined]>([
    [15, undefined],
    [
      16,
      'a fence agent may take 16 s, so proofs are good for 90 s in segment a, 240 s in segment b: each host must take longer than that to boot, or start no guest by itself',
    ],
  ])('that may take %d s has a note on how long hosts must take to boot, or none', (timeoutSeconds, note) => {
    const segments = [
      { name: 'a', fencing: { proofMaxAgeSeconds: 90 } },
      { name: 'b', fencing: { proofMaxAgeSeconds: 240 } },
    ];
    expect(
      proofNote({ '*': { levels: [{ ...agent, worker: 'rack-a', switches: 'system', timeoutSeconds }] } }, segments),
    ).toBe(note);
  });

  it('tells what is wrong with a secret without a word of it', () => {
    expect(faults({ a: plugged({ ip: 'pdu-1', password: 'hunter2' }) })).not.toContain('hunter2');
  });
});

it.each([
  ['password', true],
  ['community', true],
  ['snmp_priv_passwd', true],
  ['hexadecimal_kg', true],
  ['username', false],
  ['plug', false],
  // A program of the worker's machine, which has rules of its own.
  ['password_script', false],
])('the parameter %s is a secret: %s', (name, is) => {
  expect(isSecret(name)).toBe(is);
});
