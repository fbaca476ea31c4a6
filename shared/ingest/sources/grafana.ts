import * as z from 'zod';
import { alertSays, alerts } from './labelled-alerts.ts';
import { collect, type Mapper, read } from './source.ts';

/** https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/ */
const notification = z.object({
  version: z.literal('1'),
  orgId: z.number().int(),
  receiver: z.string().max(255),
  alerts,
});

export const grafana: Mapper = (body, context) => {
  const { receiver, orgId, alerts: all } = read(notification, body, 'a webhook notification of Grafana');
  return collect(all, (alert) => alertSays(alert, `/grafana/${orgId}/${receiver}`, context));
};
