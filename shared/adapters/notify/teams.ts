import type { Secrets, Told } from '#shared/ports.ts';
import { postJson } from './http.ts';
import { webhookOf } from './secret.ts';
import type { ShownNotice } from './shown.ts';

const COLOR = { info: 'Default', warning: 'Warning', critical: 'Attention' } as const;

/**
 * A Teams workflow with the trigger "When a Teams webhook request is received": an Adaptive Card in a message. The older
 * MessageCard of Office 365 connectors is shown by none of them.
 */
export async function tellTeams(secrets: Secrets, credentials: string, notice: ShownNotice): Promise<Told> {
  const { url, fields } = await webhookOf(secrets, credentials);
  return postJson('Teams', url, JSON.stringify(teamsMessage(notice)), { secrets: Object.values(fields) });
}

function teamsMessage({ title, body, severity, state, segment, link, approveLink }: ShownNotice) {
  const color = state === 'over' ? 'Good' : COLOR[severity];
  const foot = [severity, ...(segment === null ? [] : [`segment ${segment}`]), 'salvor'].join(' · ');
  const action = (label: string, url: string | null) =>
    url === null ? [] : [{ type: 'Action.OpenUrl', title: label, url }];
  const actions = [...action('Open', link), ...action('Approve …', approveLink)];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      { type: 'TextBlock', text: plain(title), size: 'Medium', weight: 'Bolder', color, wrap: true },
      { type: 'TextBlock', text: plain(body), wrap: true },
      { type: 'TextBlock', text: foot, isSubtle: true, size: 'Small', wrap: true },
    ],
    ...(actions.length === 0 ? {} : { actions }),
    msteams: { width: 'Full' },
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

/** A TextBlock takes a subset of Markdown, links included: what a reporter said must stay text. */
const plain = (text: string): string => text.replace(/[\\[\]*_`]/g, (mark) => `\\${mark}`);
