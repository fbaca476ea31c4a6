import { createHash } from 'node:crypto';
import { createTransport, type NodemailerError } from 'nodemailer';
import type { Channel } from '#shared/domain/policy-notify.ts';
import { redactor } from '#shared/http/redact.ts';
import type { Secrets, Told } from '#shared/ports.ts';
import { fieldOf } from './secret.ts';
import type { ShownNotice } from './shown.ts';

type Email = Extract<Channel, { readonly type: 'email' }>;

/** Of the connection, the greeting, and any silence; and of the whole. */
const TIMEOUT_MS = 10_000;
const LONGEST_DETAIL = 200;

/**
 * One mail by SMTP, plain text. A repeat has the same Message-ID, by which mailboxes tell it, and notices of one incident are
 * one thread. `tls: starttls` refuses a server that does not offer it.
 * @param wholeMs after so long the connection is cut, whatever the server is saying
 */
export async function tellByEmail(
  secrets: Secrets,
  channel: Email,
  notice: ShownNotice,
  wholeMs = TIMEOUT_MS,
): Promise<Told> {
  const { host, port, tls, credentials } = channel;
  const auth =
    credentials === undefined
      ? undefined
      : { user: await fieldOf(secrets, credentials, 'user'), pass: await fieldOf(secrets, credentials, 'password') };
  const redact = redactor(auth === undefined ? [] : [auth.pass]);
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(auth === undefined ? {} : { auth }),
  });
  try {
    // `close()` of a transport ends no connection that is at work: only the signal does (nodemailer 10).
    const signal = AbortSignal.timeout(wholeMs);
    const { response, rejectedErrors = [] } = await transport.sendMail({ ...mailOf(channel, notice), signal });
    const detail = `the mail server answered ${redact(response).slice(0, LONGEST_DETAIL)}`;
    if (rejectedErrors.length === 0) return { kind: 'taken', detail };
    const refused = rejectedErrors
      .map((each: NodemailerError) => `${each.recipient}: ${each.response ?? each.code}`)
      .join('; ');
    const missed = `the mail server refuses ${redact(refused).slice(0, LONGEST_DETAIL)}`;
    return { kind: 'taken', detail: `${detail}, but ${missed}`, missed };
  } catch (error) {
    const { code, responseCode, response } = error as {
      readonly code?: string;
      readonly responseCode?: number;
      readonly response?: string;
    };
    const said = response === undefined ? (code ?? 'without a code') : `${code ?? ''} ${response}`;
    // 5yz to a message is for good (RFC 5321, section 4.2.1); to a login it is for somebody to mend.
    const isRefusal = (code === 'EMESSAGE' || code === 'EENVELOPE') && (responseCode ?? 0) >= 500;
    return { kind: 'failed', detail: `the mail server: ${redact(said).slice(0, LONGEST_DETAIL)}`, isRefusal };
  }
}

function mailOf({ from, to }: Email, notice: ShownNotice) {
  const { id, thread, title, body, severity, state, segment, atMs, link, approveLink } = notice;
  const mark = state === 'over' ? 'ok' : severity;
  return {
    from: { name: 'salvor', address: from },
    to: [...to],
    subject: `[${mark}] ${title}`,
    messageId: idOf(id, from),
    references: idOf(thread, from),
    date: new Date(atMs),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Salvor-Notice': id },
    text: [
      body,
      ...(link === null ? [] : [link]),
      ...(approveLink === null ? [] : [`To approve it, in your name: ${approveLink}`]),
      `${new Date(atMs).toISOString()}${segment === null ? '' : `, segment ${segment}`}`,
    ].join('\n\n'),
  };
}

/** `<hash@domain of the sender>`: RFC 5322 allows no slashes on the left. */
const idOf = (text: string, from: string): string =>
  `<${createHash('sha256').update(text).digest('hex').slice(0, 40)}@${from.split('@').at(-1)}>`;
