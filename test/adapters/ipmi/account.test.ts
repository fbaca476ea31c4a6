import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { PermanentError } from '#shared/errors.ts';
import { benches, PASSWORD, USERNAME } from './bench.ts';

const { start, closeAll } = benches();
afterEach(closeAll);

describe('an account', () => {
  it.each([
    [
      'wrong password',
      { password: 'not-the-password' },
      'the password is wrong, or this is not the BMC (RAKP message 2)',
    ],
    ['unknown user', { username: 'nobody' }, 'RAKP message 1 answered 0x0d (unauthorized name)'],
    ['anonymous user that does not exist', { username: '' }, 'RAKP message 1 answered 0x0d (unauthorized name)'],
    [
      'BMC key where none is set',
      { kg: 'some-key' },
      'the BMC has another key (RAKP message 4); it says that no BMC key (Kg) is set',
    ],
  ])('is refused: %s', async (_, changes, detail) => {
    const { device, host } = await start();
    expect(await device(changes).readPower()).toMatchObject({
      ...{ power: 'unknown', systemUuid: null, detail, refused: 'credentials' },
    });
    expect(await device(changes).powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: `nothing was sent: ${detail}`,
    });
    expect(host.commands).toEqual([]);
  });

  it('needs the BMC key where one is set', async () => {
    const kg = Buffer.from('the-key-of-the-BMC');
    const { device } = await start({ kg });
    for (const right of ['the-key-of-the-BMC', `0x${kg.toString('hex')}`])
      expect(await device({ kg: right }).powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(await device().powerOff(null)).toMatchObject({
      kind: 'refused',
      detail:
        'nothing was sent: the BMC has another key (RAKP message 4); it says that a BMC key (Kg) is set: put it into the secret as "kg"',
    });
    expect(await device({ kg: 'another-key' }).powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: the BMC has another key (RAKP message 4)',
    });
  });

  it('that may only look is refused before it is needed', async () => {
    const { device, host } = await start({ accounts: [{ username: USERNAME, password: PASSWORD, limit: 'user' }] });
    const detail = 'RAKP message 1 answered 0x0a (unauthorized privilege level)';
    expect(await device().readPower()).toMatchObject({ power: 'unknown', detail });
    expect(await device().powerOff(null)).toMatchObject({ kind: 'refused', detail: `nothing was sent: ${detail}` });
    expect(host.commands).toEqual([]);
  });

  it('of an operator is enough, and an administrator may be asked for', async () => {
    const account = { username: USERNAME, password: PASSWORD, limit: 'operator' } as const;
    const { device, proxy } = await start({ accounts: [account] });
    expect(await device().powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(await device({ privilege: 'administrator' }).powerOff(null)).toMatchObject({ kind: 'refused' });
    // In RAKP message 1, by the name alone as ipmitool does: some BMCs know users by nothing else.
    const roles = proxy.heard.flatMap(({ bytes }) => (bytes[4] === 0x06 && bytes[5] === 0x12 ? [bytes[40]] : []));
    expect(roles).toEqual([0x13, 0x14]);
  });

  it.each([
    [{ username: 'x'.repeat(17) }, 'the username of an IPMI device is longer than 16 bytes'],
    [{ password: 'geheim'.repeat(4) }, 'the password of an IPMI device is longer than 20 bytes'],
    [{ password: 'ü'.repeat(11) }, 'the password of an IPMI device is longer than 20 bytes'],
    [{ kg: 'geheim'.repeat(4) }, 'the kg of an IPMI device is longer than 20 bytes'],
    [{ kg: '0x123' }, 'the kg of an IPMI device is not 0x and up to 40 hexadecimal digits'],
    [{ kg: `0x${'00'.repeat(21)}` }, 'the kg of an IPMI device is not 0x and up to 40 hexadecimal digits'],
  ])('is none that the protocol takes: %#', async (changes, message) => {
    const { device } = await start();
    expect(() => device(changes)).toThrow(new PermanentError(message));
  });

  it('of the longest is right', async () => {
    const longest = { username: 'u'.repeat(16), password: 'p'.repeat(20) };
    const { device } = await start({ accounts: [longest] });
    for (const cipherSuite of [3, 17] as const)
      expect(await device({ ...longest, cipherSuite }).readPower()).toMatchObject({ power: 'on' });
  });
});

describe('a cipher suite', () => {
  it('is the wanted one or none', async () => {
    const old = await start({ cipherSuites: [3] });
    expect(await old.device().powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: Open Session answered 0x11 (no such cipher suite)',
    });
    expect(await old.device({ cipherSuite: 3 }).powerOff(null)).toMatchObject({ kind: 'accepted' });
    const strict = await start({ cipherSuites: [17] });
    expect(await strict.device({ cipherSuite: 3 }).powerOff(null)).toMatchObject({ kind: 'refused' });
    expect(await strict.device().powerOff(null)).toMatchObject({ kind: 'accepted' });
  });
});

describe('a BMC', () => {
  it('that has no place for a session is asked again later', async () => {
    const { device, bmc } = await start({ places: 1 });
    const answers = await Promise.all([device().powerOff(null, async () => (await device().powerOff(null)).detail)]);
    expect(answers).toMatchObject([
      {
        kind: 'refused',
        detail: 'nothing was sent: nothing was sent: Open Session answered 0x01 (no resources for another session)',
      },
    ]);
    expect(bmc.sessions).toBe(0);
    expect(await device().powerOff(null)).toMatchObject({ kind: 'accepted' });
  });

  it('that is not there is unknown at once', async () => {
    const { device, proxy } = await start();
    const { port } = proxy;
    await closeAll();
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await device({ host, port }).powerOff(null)).toMatchObject({
        kind: 'unknown',
        detail: `nothing was sent: ${host} port ${port}: ECONNREFUSED`,
      });
  });

  it('whose name nobody knows is unknown', async () => {
    const { device } = await start();
    const { power, detail } = await device({ host: 'bmc-1.invalid', timeoutSeconds: 2 }).readPower();
    expect({ power, detail }).toEqual({
      power: 'unknown',
      detail: expect.stringMatching(/^bmc-1\.invalid port \d+: E|not resolved in time/),
    });
  });

  it('may have an address of IPv6', async () => {
    const { device, bmc } = await start();
    const front = createSocket('udp6');
    const back = createSocket('udp4');
    let console = 0;
    front.on('message', (datagram, { port }) => {
      console = port;
      back.send(datagram, bmc.port, '127.0.0.1');
    });
    back.on('message', (datagram) => front.send(datagram, console, '::1'));
    front.bind(0, '::1');
    await once(front, 'listening');
    try {
      expect(await device({ host: '::1', port: front.address().port }).readPower()).toMatchObject({ power: 'on' });
    } finally {
      front.close();
      back.close();
    }
  });
});
