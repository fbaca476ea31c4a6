import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { askedToEnd } from '../asked-to-end.ts';
import { ORDERS, obey, writeSite } from '../drill/practice.ts';
import { print } from '../output.ts';

const upTo =
  (max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > max)
      throw new InvalidArgumentError(`A number from 1 to ${max} is needed.`);
    return value;
  };

/** `salvor practice`: a simulated cloud alone, with the files of a site, to run `salvor up` against. */
export function practiceCommand(): Command {
  return new Command('practice')
    .description('serve a simulated cloud, and write the files by which "salvor up" runs against it; until Ctrl-C')
    .argument('[folder]', 'where clouds.yaml, secrets.yaml and policy.yaml are written', 'practice')
    .option('--hosts <n>', 'hosts of the cloud', upTo(200), 6)
    .option('--instances <n>', 'on each host', upTo(200), 4)
    .option('--grace <seconds>', 'grace period of the policy', upTo(600), 10)
    .option('--evacuation <seconds>', 'how long one evacuation takes', upTo(600), 3)
    .addHelpText('after', `\nWhile it runs, type: ${ORDERS}.`)
    .action(async (folder: string, { hosts, instances, grace, evacuation }) => {
      const { startSimulatedCloud } = await import('#sim/cloud.ts');
      const cloud = await startSimulatedCloud({
        hosts,
        seed: 1,
        serviceDownSeconds: 5,
        evacuationMs: evacuation * 1000,
      });
      try {
        for (const { name } of cloud.hosts()) cloud.boot(instances, { host: name, namePrefix: `${name}-web` });
        writeSite(folder, cloud, grace);
        const ended = askedToEnd();
        print(`a simulated cloud of ${hosts} hosts is at ${cloud.authUrl}`);
        print(`in another terminal: cd ${folder} && salvor up`);
        print(`here, type: ${ORDERS}`);
        const lines = createInterface({ input: process.stdin });
        lines.on('line', (line) => print(obey(cloud, line)));
        await ended;
        lines.close();
      } finally {
        await cloud.stop();
      }
    });
}
