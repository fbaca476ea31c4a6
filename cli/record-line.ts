import type { AuditRecord } from '#shared/domain/audit.ts';

/**
 * A record as one line for people. What the gates were asked of is for machines: the answers hold every number that counted.
 * @param subject what it is about; empty: all of them are about the same
 */
export function recordLine({ atMs, fact }: AuditRecord, subject: string): string {
  const { type, evidence: _, ...rest } = fact;
  const details = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const about = subject === '' ? '' : `${subject.padEnd(16)} `;
  return `${new Date(atMs).toISOString()}  ${about}${type.padEnd(20)} ${details.join(' ')}`.trimEnd();
}
