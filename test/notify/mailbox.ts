import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface Mailbox {
  readonly port: number;
  readonly mails: { readonly to: readonly string[]; readonly text: string }[];
  /** So often somebody has tried to sign in. */
  readonly logins: number;
  close(): Promise<void>;
}

/**
 * A mail server on this machine, without TLS.
 * @param refuse what it answers to the first messages in place of taking them
 * @param unknown whom it has no mailbox for
 */
export async function startMailbox({
  password,
  refuse = [],
  unknown = [],
}: {
  readonly password?: string;
  readonly refuse?: readonly number[];
  readonly unknown?: readonly string[];
}): Promise<Mailbox> {
  const mails: { to: readonly string[]; text: string }[] = [];
  const refusals = [...refuse];
  let logins = 0;
  const server = new SMTPServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    authOptional: password === undefined,
    onAuth: (auth, _session, done) => {
      logins += 1;
      if (auth.password === password) done(null, { user: auth.username ?? '' });
      else done(Object.assign(new Error('who are you'), { responseCode: 535 }));
    },
    onRcptTo: ({ address }, _session, done) =>
      unknown.includes(address) ? done(Object.assign(new Error(`no ${address} here`), { responseCode: 550 })) : done(),
    onData: (stream, session, done) => {
      text(stream).then((raw) => {
        const code = refusals.shift();
        if (code !== undefined) return done(Object.assign(new Error('not this one'), { responseCode: code }));
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text: raw });
        return done();
      }, done);
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    get logins() {
      return logins;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
