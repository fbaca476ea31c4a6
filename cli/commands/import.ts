import { Command } from 'commander';
import { Document, isMap, isSeq } from 'yaml';
import { loadCloud } from '#shared/adapters/openstack/clouds-yaml.ts';
import { masakariSegments } from '#shared/adapters/openstack/masakari.ts';
import { type Imported, importSegments } from '#shared/domain/import-masakari.ts';
import { PermanentError } from '#shared/errors.ts';
import { print, printJson } from '../output.ts';
import { cloudOption } from './site-options.ts';

/** `salvor import masakari`: reads a running Masakari, and changes nothing there. */
export function importCommand(): Command {
  const command = new Command('import').description('make a policy from what protected the hosts before');
  command
    .command('masakari')
    .description("print the segments and hosts of the cloud's Masakari as segments of a policy, in shadow mode")
    .addOption(cloudOption())
    .option('--json', 'print JSON')
    .action(async ({ cloud: cloudName, json }) => {
      const cloud = loadCloud({
        env: process.env,
        workingDirectory: process.cwd(),
        ...(cloudName === undefined ? {} : { cloudName }),
      });
      const { connect } = await import('#shared/connect.ts');
      const connection = connect(cloud, {
        get: async (name) => {
          throw new PermanentError(`there is no secret ${name}`);
        },
      });
      try {
        const found = importSegments(await masakariSegments(connection.session));
        if (json) printJson(found);
        else print(asYaml(found.imported, found.leftOut));
      } finally {
        await connection.close();
      }
    });
  return command;
}

/** For people: what to know of a segment stands above it. */
function asYaml(imported: readonly Imported[], leftOut: readonly string[]): string {
  const document = new Document({ segments: imported.map(({ segment }) => segment) });
  const list = document.get('segments');
  if (isSeq(list))
    for (const [index, { remarks }] of imported.entries()) {
      const item = list.items[index];
      if (isMap(item) && remarks.length > 0) item.commentBefore = remarks.map((remark) => ` ${remark}`).join('\n');
    }
  const comment = leftOut.map((each) => ` left out: ${each}`).join('\n');
  if (comment !== '') document.commentBefore = comment;
  return document.toString({ lineWidth: 0 }).trimEnd();
}
