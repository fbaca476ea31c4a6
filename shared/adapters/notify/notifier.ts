import { approvalKeys } from '#shared/approve/keys.ts';
import { signApproval } from '#shared/domain/notify/approval.ts';
import type { Channel } from '#shared/domain/policy-notify.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Notifier, OutgoingNotice, Secrets, Told } from '#shared/ports.ts';
import type { ShownNotice } from './shown.ts';

/** Each kind of channel is loaded when it is used first: mail and SNS are large. */
export function notifier(secrets: Secrets): Notifier {
  return {
    tell: (channel, notice) =>
      orFailed(channel.type, async () => byChannel(secrets, channel, await shown(secrets, notice))),
    beat: (heartbeat) =>
      orFailed('the heartbeat', async () => (await import('./heartbeat.ts')).sendHeartbeat(secrets, heartbeat)),
  };
}

async function orFailed(what: string, ask: () => Promise<Told>): Promise<Told> {
  try {
    return await ask();
  } catch (error) {
    // A secret that is missing, or can't be read now: its text names the secret and never holds it.
    if (error instanceof PermanentError || error instanceof RetryableError)
      return { kind: 'failed', detail: error.message, isRefusal: false };
    const code = error instanceof Error ? error.name : 'unknown';
    return { kind: 'failed', detail: `${what} could not be asked: ${code}`, isRefusal: false };
  }
}

/** That somebody is told matters more than the link: without its key the notice goes out, and says so. */
async function shown(secrets: Secrets, { approve, ask: _, ...notice }: OutgoingNotice): Promise<ShownNotice> {
  if (approve === null) return { ...notice, approveLink: null };
  const { approval, key, base } = approve;
  try {
    const token = signApproval(approval, await approvalKeys(secrets, key));
    return { ...notice, approveLink: `${base}/approve/${token}` };
  } catch (error) {
    if (!(error instanceof PermanentError || error instanceof RetryableError)) throw error;
    return { ...notice, approveLink: null, body: `${notice.body} (No link to approve: ${error.message})` };
  }
}

async function byChannel(secrets: Secrets, channel: Channel, notice: ShownNotice): Promise<Told> {
  switch (channel.type) {
    case 'webhook':
      return (await import('./webhook.ts')).tellWebhook(secrets, channel.credentials, notice);
    case 'slack':
      return (await import('./slack.ts')).tellSlack(secrets, channel.credentials, notice);
    case 'teams':
      return (await import('./teams.ts')).tellTeams(secrets, channel.credentials, notice);
    case 'pagerduty':
      return (await import('./pagerduty.ts')).tellPagerDuty(secrets, channel, notice);
    case 'email':
      return (await import('./email.ts')).tellByEmail(secrets, channel, notice);
    case 'sns':
      return (await import('./sns.ts')).tellSns(channel.topicArn, notice);
  }
}
