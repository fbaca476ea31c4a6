import { alertmanager } from './alertmanager.ts';
import { aodh } from './aodh.ts';
import { grafana } from './grafana.ts';
import { nagios } from './nagios.ts';
import { pacemaker } from './pacemaker.ts';
import { redfish } from './redfish.ts';
import type { Mapper } from './source.ts';
import { systemd } from './systemd.ts';
import { zabbix } from './zabbix.ts';

/** Programs whose every message says by itself what it means. Consul's lists mean something beside the last one only. */
export const MAPPERS: Readonly<Record<string, Mapper>> = {
  alertmanager,
  aodh,
  grafana,
  nagios,
  pacemaker,
  redfish,
  systemd,
  zabbix,
};
