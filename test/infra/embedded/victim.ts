/**
 * An embedded pipeline that runs until it is killed. It prints the URL of its host-events queue, and then each
 * message that its function has committed. Argument: the state folder.
 */
import { startEmbedded } from '#infra/embedded/runtime.ts';
import { recorder } from './recorder.ts';
import { outsideServices, recordedLog } from './stubs.ts';

const [stateDir = ''] = process.argv.slice(2);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const { queueUrls } = await startEmbedded({
  stateDir,
  port: 0,
  services: outsideServices(recordedLog()),
  functions: { 'receive-host-event': recorder(print) },
});
print(queueUrls['host-events']);
