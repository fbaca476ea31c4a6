import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exchange } from '../adapters/ipmi/exchanges.ts';
import { startUdpProxy } from '../support/udp-proxy.ts';
import { ipmitoolWith, PASSWORD, USERNAME } from './ipmi-sim.ts';

const COMMANDS = ['chassis power status', 'mc guid smbios', 'chassis power off', 'chassis power status'];

type Recorded = Omit<Exchange, 'name' | 'peer'>;

/** One session of ipmitool: what went over the wire, and the keys that it came to by itself. */
export async function exchangeOf(port: number, suite: 3 | 17, guid: string): Promise<Recorded> {
  const proxy = await startUdpProxy(port);
  const folder = mkdtempSync(join(tmpdir(), 'salvor-ipmi-exchange-'));
  try {
    const file = join(folder, 'commands');
    writeFileSync(file, `${COMMANDS.join('\n')}\n`);
    const options = ['-C', String(suite), '-v', '-v', '-v'];
    const { stderr, stdout } = await ipmitoolWith(proxy.port, options, 'exec', file);
    const { stdout: version } = await ipmitoolWith(proxy.port, ['-V']);
    const said = `${stdout}\n${stderr}`;
    return {
      program: version.trim(),
      command: `ipmitool -I lanplus -U ${USERNAME} -E ${options.join(' ')} exec - (${COMMANDS.join('; ')})`,
      at: new Date().toISOString(),
      suite,
      username: USERNAME,
      password: PASSWORD,
      guid,
      sik: printed(said, 'Generated session integrity key'),
      k1: printed(said, 'Generated K1'),
      k2: printed(said, 'Generated K2'),
      datagrams: proxy.heard.map(({ from, bytes }) => ({ from, hex: bytes.toString('hex') })),
    };
  } finally {
    rmSync(folder, { recursive: true });
    await proxy.close();
  }
}

/** Bytes that ipmitool prints under a title, 16 a line. */
function printed(text: string, title: string): string {
  const [, bytes] = new RegExp(`${title} \\(\\d+ bytes\\)\\n((?: ?(?:[0-9a-f]{2} ?)+\\n)+)`).exec(text) ?? [];
  if (bytes === undefined) throw new Error(`ipmitool prints no "${title}"`);
  return bytes.replaceAll(/\s/g, '');
}

/** With SALVOR_CAPTURE=<folder> what was recorded stays there: golden exchanges are made so. */
export function keepExchange(name: string, peer: string, recorded: Recorded): void {
  const folder = process.env.SALVOR_CAPTURE;
  if (folder === undefined) return;
  mkdirSync(join(folder, 'ipmi'), { recursive: true });
  writeFileSync(join(folder, 'ipmi', `${name}.json`), `${JSON.stringify({ name, peer, ...recorded }, null, 2)}\n`);
}
