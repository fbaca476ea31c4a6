import { Command } from 'commander';
import { stringify } from 'yaml';
import { surveyDevices } from '#infra/site/survey-devices.ts';
import type { JudgedDevice } from '#shared/domain/device-survey.ts';
import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { print, printJson, table } from '../output.ts';
import { cloudOption, secretsOption } from './site-options.ts';

/** `salvor policy devices`: asks every fence device for its power, and says which would fail, or fence another host. */
export function policyDevicesCommand(): Command {
  return new Command('devices')
    .description('read the power of every protected host, and say whose fence device is wrong; exits 1 if any is')
    .argument('<file>', 'the policy')
    .addOption(secretsOption())
    .addOption(cloudOption())
    .option('--pin', 'print fenceDevices with the systemUuid that each told, to paste into the policy')
    .option('--json', 'print everything as JSON')
    .action(async (policyFile: string, { secrets: secretsFile, cloud, pin, json }) => {
      const site = { policyFile, secretsFile, ...(cloud === undefined ? {} : { cloudName: cloud }) };
      const { policy, devices } = await surveyDevices(site);
      const wrong = devices.filter(({ verdict }) => verdict === 'wrong');
      if (json) printJson(devices);
      else if (pin) print(pinned(policy, devices));
      else print(report(devices));
      for (const { host, because } of pin ? wrong : []) process.stderr.write(`left out: ${host} ${because}\n`);
      if (wrong.length > 0) process.exitCode = 1;
    });
}

function report(devices: readonly JudgedDevice[]): string {
  const rows = devices.map(({ host, novaState, reading, verdict, because }) => [
    host,
    novaState,
    reading.power,
    reading.systemUuid ?? '-',
    verdict,
    because,
  ]);
  return table(['HOST', 'NOVA', 'POWER', 'SYSTEM UUID', 'DEVICE', 'BECAUSE'], rows);
}

/** Whoever pastes this has looked; what is wrong is not in it. */
function pinned(policy: Policy, devices: readonly JudgedDevice[]): string {
  const entries = devices
    .filter(({ verdict, reading }) => verdict !== 'wrong' && reading.systemUuid !== null)
    .map(({ host, reading }) => [host, { ...fenceDeviceOf(policy, host), systemUuid: reading.systemUuid }]);
  return stringify({ fenceDevices: Object.fromEntries(entries) }).trimEnd();
}
