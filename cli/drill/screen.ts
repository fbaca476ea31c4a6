import { MARKS } from '../marks.ts';
import { paint as inColour } from '../output.ts';
import type { Audience, DrillResult } from './drill.ts';

const BAR_WIDTH = 30;

/** Tells the drill on a terminal, with a live progress bar; elsewhere as plain lines. */
export function screen(out: NodeJS.WriteStream): Audience & { end(): void } {
  const live = out.isTTY === true;
  const paint: (...of: readonly [Parameters<typeof inColour>[0], string]) => string = (colour, text) =>
    inColour(colour, text, out);
  let bar = '';
  const above = (text: string): void => {
    out.write(live && bar !== '' ? `\r\x1b[2K${text}\n${bar}` : `${text}\n`);
  };
  return {
    scene: (text) => above(paint('bold', text)),
    line({ sinceDeathMs, mark, text }) {
      const { sign, colour } = MARKS[mark];
      const at = `${sinceDeathMs < 0 ? '-' : '+'}${(Math.abs(sinceDeathMs) / 1000).toFixed(2)} s`.padStart(9);
      above(`${paint('dim', at)} ${paint(colour, `${sign} ${text}`)}`);
    },
    progress(done, total) {
      if (!live || total === 0 || done === 0) return;
      const filled = Math.round((BAR_WIDTH * done) / total);
      bar = `${paint('green', '█'.repeat(filled))}${paint('dim', '░'.repeat(BAR_WIDTH - filled))} ${done} of ${total} instances`;
      out.write(`\r\x1b[2K${bar}`);
    },
    end() {
      if (bar !== '') out.write('\r\x1b[2K');
      bar = '';
    },
  };
}

const seconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1000).toFixed(2)} s`);

/** The summary that a drill ends with. */
export function summary(result: DrillResult): string {
  const { figures } = result;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none';
  const rows: readonly (readonly [string, string])[] = [
    ['confirmed down', seconds(figures.confirmedMs)],
    ['fenced', seconds(figures.fencedMs)],
    ['first instance well', seconds(figures.firstRecoveredMs)],
    ['last instance well', seconds(figures.lastRecoveredMs)],
    ['instances', list(figures.instances)],
    ['where they are now', list(figures.destinations)],
    [
      'requests',
      `${figures.novaRequests} to Nova, ${figures.keystoneTokens} token${figures.keystoneTokens === 1 ? '' : 's'} from Keystone`,
    ],
    ['audit', `${figures.auditRecords} records`],
  ];
  const checks = result.verdicts.map(
    ({ rule, broken }) =>
      `  ${broken.length === 0 ? 'ok  ' : 'FAIL'} ${rule}${broken.map((each) => `\n         ${each}`).join('')}`,
  );
  return [
    '',
    'Since the host died:',
    ...rows.map(([name, value]) => `  ${name.padEnd(20)} ${value}`),
    '',
    "Checked from the cloud's own log:",
    ...checks,
    '',
    ending(result),
  ].join('\n');
}

function ending({ well, ended, expected, exitCode }: DrillResult): string {
  if (!well)
    return ended === expected
      ? 'FAILED: an invariant is broken.'
      : `FAILED: it should have ended as ${expected}, and ended as ${ended}.`;
  if (exitCode === 0) return 'Every protected instance runs on another host.';
  const why = {
    'stood-down': 'the host was up again, so nothing was done to it',
    'not-fenced':
      'nothing proves that the host is off, so nothing was evacuated; salvor goes on trying, and a person can see why',
    held: 'the guards held it; it goes on by itself once they open',
    recovered: '',
  };
  return `Nothing was evacuated, and that is right: ${why[expected]}.`;
}
