import { Command } from 'commander';
import { stringify } from 'yaml';
import type { SiteFiles } from '#infra/site/open-site.ts';
import { readPolicy } from '#infra/site/policy-file.ts';
import type { surveyDevices as Survey } from '#infra/site/survey-devices.ts';
import type { JudgedDevice } from '#shared/domain/device-survey.ts';
import { fenceEntryOf } from '#shared/domain/fence-device.ts';
import { fencingWorkersOf } from '#shared/domain/fence-workers.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { addressOf, mapDevices } from '#shared/domain/policy-devices.ts';
import { PermanentError } from '#shared/errors.ts';
import { EXIT } from '../exit.ts';
import { queuesOf } from '../operator/queues.ts';
import { withWorkersOf } from '../operator/workers.ts';
import { print, printJson, table } from '../output.ts';
import { cloudOption, secretsOption } from './site-options.ts';

/** `salvor policy devices`: asks every fence device for its power, and says which would fail, or fence another host. */
export function policyDevicesCommand(): Command {
  return new Command('devices')
    .description('read the power of every protected host, and say whose fence device is wrong')
    .argument('<file>', 'the policy')
    .addOption(secretsOption())
    .addOption(cloudOption())
    .option('--pin', 'print fenceDevices with the systemUuid that each told, to paste into the policy')
    .option('--json', 'print everything as JSON')
    .action(async (policyFile: string, { secrets: secretsFile, cloud, pin, json }, command: Command) => {
      const site = { policyFile, secretsFile, ...(cloud === undefined ? {} : { cloudName: cloud }) };
      const { policy, devices } = await surveyed(site, command);
      const wrong = devices.filter(({ verdict }) => verdict === 'wrong');
      if (json) printJson(devices);
      else if (pin) print(pinned(policy, devices));
      else print(report(devices));
      for (const { host, because } of pin ? wrong : []) process.stderr.write(`left out: ${host} ${because}\n`);
      if (wrong.length > 0) process.exitCode = EXIT.person;
    });
}

/** Devices behind fence workers are asked by way of the salvor that runs; without one, nothing is known of them. */
async function surveyed(site: SiteFiles, command: Command): ReturnType<typeof Survey> {
  const { surveyDevices } = await import('#infra/site/survey-devices.ts');
  const names = fencingWorkersOf(readPolicy(site.policyFile));
  if (names.length === 0) return surveyDevices(site);
  const queues = await queuesOf(command).catch((error: unknown) => {
    if (!(error instanceof PermanentError)) throw error;
    process.stderr.write(`fence workers are not asked: ${error.message}\n`);
    return undefined;
  });
  if (queues === undefined) return surveyDevices(site);
  return withWorkersOf(command, queues, names, (workers) => surveyDevices(site, workers));
}

function report(devices: readonly JudgedDevice[]): string {
  const rows = devices.map(({ host, level, novaState, reading, verdict, because }) => [
    host,
    String(level),
    novaState ?? '-',
    reading.power,
    reading.systemUuid ?? '-',
    verdict,
    because,
  ]);
  return table(['HOST', 'LEVEL', 'NOVA', 'POWER', 'SYSTEM UUID', 'DEVICE', 'BECAUSE'], rows);
}

/** Whoever pastes this has looked; a host of which anything is wrong is not in it. */
function pinned(policy: Policy, devices: readonly JudgedDevice[]): string {
  const entries = [...Map.groupBy(devices, ({ host }) => host)].flatMap(([host, own]) => {
    const entry = fenceEntryOf(policy, host);
    if (entry === undefined || own.some(({ verdict }) => verdict === 'wrong')) return [];
    const told = new Map(own.map(({ address, reading }) => [address, reading.systemUuid]));
    const pin = mapDevices(entry, (config) => {
      const systemUuid = told.get(addressOf(config)) ?? null;
      return systemUuid === null ? config : { ...config, systemUuid };
    });
    return [[host, pin] as const];
  });
  return stringify({ fenceDevices: Object.fromEntries(entries) }).trimEnd();
}
