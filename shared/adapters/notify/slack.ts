import type { Secrets, Told } from '#shared/ports.ts';
import { postJson } from './http.ts';
import { webhookOf } from './secret.ts';
import type { ShownNotice } from './shown.ts';

const MARK = { info: ':white_circle:', warning: ':large_yellow_circle:', critical: ':red_circle:' } as const;

/** An incoming webhook of Slack: blocks, and a text for what shows no blocks (a lock screen). */
export async function tellSlack(secrets: Secrets, credentials: string, notice: ShownNotice): Promise<Told> {
  const { url, fields } = await webhookOf(secrets, credentials);
  return postJson('Slack', url, JSON.stringify(slackMessage(notice)), { secrets: Object.values(fields) });
}

function slackMessage({ title, body, severity, state, segment, link, approveLink }: ShownNotice) {
  const mark = state === 'over' ? ':large_green_circle:' : MARK[severity];
  const context = [severity, ...(segment === null ? [] : [`segment ${segment}`]), 'salvor'].join(' · ');
  const said = fitting(`${mark} *${escaped(title)}*\n${escaped(body)}`);
  // `verbatim`: what looks like an address or a channel is no link and calls nobody.
  const text = { type: 'mrkdwn', text: said, verbatim: true };
  const button = (label: string, url: string | null) =>
    url === null ? [] : [{ type: 'button', text: { type: 'plain_text', text: label }, url }];
  const buttons = [...button('Open', link), ...button('Approve …', approveLink)];
  return {
    text: escaped(title),
    blocks: [
      { type: 'section', text },
      ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
      { type: 'context', elements: [{ type: 'plain_text', text: context }] },
    ],
  };
}

/** Of a text in a section (reference of Block Kit, "Section block"). */
const LONGEST_TEXT = 3000;

/** Escaped it may be five times as long. It is not cut within an escape, which would show as text. */
const fitting = (text: string): string =>
  text.length > LONGEST_TEXT
    ? `${text
        .slice(0, LONGEST_TEXT - 1)
        .replace(/&[a-z]*$/, '')
        .toWellFormed()}…`
    : text;

/** These three are Slack's control characters ("Formatting text for app surfaces"): what a reporter said must stay text. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('*', '∗');
