/** Mail against an SMTP server on this machine. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { tellByEmail } from '#shared/adapters/notify/email.ts';
import { notifier } from '#shared/adapters/notify/notifier.ts';
import type { Channel } from '#shared/domain/policy-notify.ts';
import { type Mailbox, startMailbox } from './mailbox.ts';
import { aNotice, secretsOf } from './support.ts';

describe('e-mail', () => {
  let mailbox: Mailbox;
  afterEach(() => mailbox.close());
  const channel = (port: number): Channel => ({
    type: 'email',
    host: '127.0.0.1',
    port,
    tls: 'none',
    from: 'salvor@example.org',
    to: ['night@example.org', 'ops@example.org'],
    credentials: 'smtp',
  });
  const mail = (password = 'good', notice = aNotice()) =>
    notifier(secretsOf({ smtp: { user: 'salvor', password } })).tell(channel(mailbox.port), notice);

  it('is a mail to each, whose repeat has the same Message-ID', async () => {
    mailbox = await startMailbox({ password: 'good' });
    for (const _ of [1, 2]) expect(await mail()).toMatchObject({ kind: 'taken' });
    expect(mailbox.mails.map(({ to }) => to)).toEqual([
      ['night@example.org', 'ops@example.org'],
      ['night@example.org', 'ops@example.org'],
    ]);
    const [first, second] = mailbox.mails.map(({ text }) => text);
    const idOf = (text = '') => /^Message-ID: (.*)$/im.exec(text)?.[1];
    expect(idOf(first)).toBe(idOf(second));
    expect(first).toMatch(/^Subject: \[critical\] compute-1 is down and not recovered/m);
    expect(first).toContain('X-Salvor-Notice: incident-1/held/4');
  });

  it('can not be made to another mail by what a reporter said', async () => {
    mailbox = await startMailbox({ password: 'good' });
    await mail('good', aNotice({ title: 'down\r\nBcc: all@example.org' }));
    expect(mailbox.mails[0]?.text).not.toMatch(/^Bcc:/im);
    expect(mailbox.mails[0]?.to).toEqual(['night@example.org', 'ops@example.org']);
  });

  it('that is refused its login says so without the password', async () => {
    mailbox = await startMailbox({ password: 'good' });
    const told = await mail('wrong-password');
    expect(told).toMatchObject({ kind: 'failed', isRefusal: false, detail: expect.stringContaining('EAUTH') });
    expect(JSON.stringify(told)).not.toContain('wrong-password');
  });

  it('that is refused for its content is refused for good, and one that is put off is not', async () => {
    mailbox = await startMailbox({ password: 'good', refuse: [550, 451] });
    expect(await mail()).toMatchObject({ kind: 'failed', isRefusal: true });
    expect(await mail()).toMatchObject({ kind: 'failed', isRefusal: false });
  });

  it('that reaches one of two is taken, and says whom it missed', async () => {
    mailbox = await startMailbox({ password: 'good', unknown: ['ops@example.org'] });
    expect(await mail()).toEqual({
      kind: 'taken',
      detail: expect.stringContaining('the mail server answered 250'),
      missed: expect.stringMatching(/^the mail server refuses ops@example\.org: 550 no ops@example\.org here/),
    });
    expect(mailbox.mails.map(({ to }) => to)).toEqual([['night@example.org']]);
  });

  it('that reaches nobody is refused', async () => {
    mailbox = await startMailbox({ password: 'good', unknown: ['night@example.org', 'ops@example.org'] });
    expect(await mail()).toMatchObject({ kind: 'failed', isRefusal: true });
  });

  it('is cut off where the server goes on talking and never comes to an end', async () => {
    mailbox = await startMailbox({});
    const ended = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.write('220 hello\r\n');
      const talk = setInterval(() => socket.write('250-and another thing\r\n'), 20);
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      socket.on('close', () => {
        clearInterval(talk);
        ended.resolve();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { approve: _, ask: __, ...notice } = aNotice();
    const secrets = secretsOf({ smtp: { user: 'salvor', password: 'good' } });
    const to = channel(port) as Extract<Channel, { readonly type: 'email' }>;
    const told = await tellByEmail(secrets, to, { ...notice, approveLink: null }, 300);
    expect(told).toMatchObject({ kind: 'failed', isRefusal: false, detail: expect.stringContaining('EABORT') });
    await ended.promise;
    server.close();
  });

  it('does not go to a server without STARTTLS where that is asked for', async () => {
    mailbox = await startMailbox({ password: 'good' });
    const secrets = secretsOf({ smtp: { user: 'salvor', password: 'good' } });
    const told = await notifier(secrets).tell({ ...channel(mailbox.port), tls: 'starttls' } as Channel, aNotice());
    expect(told).toMatchObject({ kind: 'failed', isRefusal: false });
    expect(mailbox.mails).toEqual([]);
    expect(mailbox.logins).toBe(0);
  });
});
