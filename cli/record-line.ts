import type { AuditRecord } from '#shared/domain/audit.ts';

/** A record as one line for people. What the gates were asked of is for machines: the answers hold every number that counted. */
export function recordLine({ atMs, fact }: AuditRecord, subject: string): string {
  const { type, evidence: _, ...rest } = fact;
  const details = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${new Date(atMs).toISOString()}  ${subject.padEnd(16)} ${type.padEnd(20)} ${details.join(' ')}`.trimEnd();
}
