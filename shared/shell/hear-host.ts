import type { Services } from '#shared/services.ts';
import { foldReports } from './fold-reports.ts';
import { hearInstances, type Report } from './instances/hear.ts';
import type { KnownHost } from './known-hosts.ts';
import { hearProcesses } from './processes/hear.ts';

/**
 * What a batch says of one host: of itself first, then of its instances and processes, which have items of their own. Each
 * tells repeats by itself, so that a batch that comes again after a death in between is taken up where it was.
 */
export async function hearHost(services: Services, host: KnownHost, reports: readonly Report[]): Promise<void> {
  await foldReports(services, host, reports);
  await Promise.all([hearInstances(services, host, reports), hearProcesses(services, host, reports)]);
}
