import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { readPolicy } from '#infra/site/policy-file.ts';
import { surveyDevices } from '#infra/site/survey-devices.ts';
import type { JudgedDevice } from '#shared/domain/device-survey.ts';
import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import { print, printJson, table } from '../output.ts';

/** `salvor policy devices`: asks every fence device for its power, and says which would fail, or fence another host. */
export function policyDevicesCommand(): Command {
  return new Command('devices')
    .description('read the power of every protected host, and say whose fence device is wrong; exits 1 if any is')
    .argument('<file>', 'the policy')
    .addOption(
      new Option('--secrets <file>', "the fence devices' credentials, mode 600")
        .env('SALVOR_SECRETS')
        .default('secrets.yaml'),
    )
    .addOption(new Option('--cloud <name>', 'cloud of clouds.yaml').env('OS_CLOUD'))
    .option('--pin', 'print fenceDevices with the systemUuid that each told, to paste into the policy')
    .option('--json', 'print everything as JSON')
    .action(async (policyFile: string, { secrets: secretsFile, cloud, pin, json }) => {
      const site = { policyFile, secretsFile, ...(cloud === undefined ? {} : { cloudName: cloud }) };
      const devices = await surveyDevices(site);
      const wrong = devices.filter(({ verdict }) => verdict === 'wrong');
      if (json) printJson(devices);
      else if (pin) print(pinned(policyFile, devices));
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
function pinned(policyFile: string, devices: readonly JudgedDevice[]): string {
  const policy = readPolicy(policyFile);
  const entries = devices
    .filter(({ verdict, reading }) => verdict !== 'wrong' && reading.systemUuid !== null)
    .map(({ host, reading }) => [host, { ...fenceDeviceOf(policy, host), systemUuid: reading.systemUuid }]);
  return stringify({ fenceDevices: Object.fromEntries(entries) }).trimEnd();
}
