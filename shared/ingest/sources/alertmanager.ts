import * as z from 'zod';
import { alertSays, alerts } from './labelled-alerts.ts';
import { collect, type Mapper, read } from './source.ts';

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const notification = z.object({ version: z.literal('4'), receiver: z.string().max(255), alerts });

export const alertmanager: Mapper = (body, context) => {
  const { receiver, alerts: all } = read(notification, body, 'a webhook notification of Alertmanager, version 4');
  return collect(all, (alert) => alertSays(alert, `/alertmanager/${receiver}`, context));
};
