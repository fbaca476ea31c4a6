import type { OperatorCommand } from '#events/operator-command.ts';
import type { HostReading } from './fence-levels.ts';
import type { FenceProof, HostState, Incident, IncidentFact, OffConfirmed } from './host.ts';
import { personOf } from './operator-sender.ts';
import type { Segment } from './policy.ts';
import { CLOCK_SKEW_MS, lastSeenUpMs } from './reports.ts';

/**
 * The way out when no fence device answers, such as a BMC that lost its power with its host: people who have seen that the
 * host is off say so by name (Pacemaker's `stonith confirm`). Their word counts only while no device says on and nobody has
 * seen the host up since.
 */

type ConfirmOff = Extract<OperatorCommand, { type: 'confirm-off' }>;

export function decideConfirmOff(
  { id: commandId, by, reason }: ConfirmOff,
  { claims, incident }: { readonly claims: HostState['claims']; readonly incident: Incident },
  { fencing }: Segment,
  sender: string | null,
  nowMs: number,
): { readonly refused: string } | { readonly facts: readonly IncidentFact[]; readonly said: string } {
  const { people } = fencing.confirmOff;
  if (people === 0) return { refused: 'the policy takes no word for it (fencing.confirmOff.people is 0)' };
  if (incident.status !== 'held' && incident.status !== 'fencing')
    return { refused: `it is ${incident.status}: only of what is held or being fenced can it be confirmed` };
  // A retry, or one more person, must not take the place of a word that counts.
  const word = goodWord(incident.offConfirmed, claims, fencing, nowMs);
  if (typeof word !== 'string') return { refused: `it is confirmed already, by ${word.by.join(' and ')}` };
  const before = partOf(incident.offConfirmed, fencing, nowMs);
  if (before.some(({ name }) => name === by))
    return { refused: `${by} has said so already: another person must confirm it` };
  const person = sender === null ? null : personOf(sender, fencing);
  const same = before.find((each) => each.sender !== null && personOf(each.sender, fencing) === person);
  if (same !== undefined)
    return {
      refused: `it comes from ${person}, which has said so already as ${same.name}: another person must confirm it, from an account of their own`,
    };
  const names = [...before.map(({ name }) => name), by];
  const senders = [...before.map((each) => each.sender), sender];
  const told = senders.every((each) => each === null) ? {} : { senders };
  const complete = names.length >= people;
  const said = complete
    ? 'confirmed: once more its devices are asked, and it goes on unless one of them says on'
    : `noted; ${people - names.length} more must confirm it`;
  return { facts: [{ type: 'off-confirmed', commandId, by, reason, atMs: nowMs, names, ...told, complete }], said };
}

/** Who has confirmed it so far, of several that must. */
const partOf = (
  word: OffConfirmed | undefined,
  { confirmOff }: Segment['fencing'],
  nowMs: number,
): readonly { readonly name: string; readonly sender: string | null }[] =>
  word === undefined ||
  word.complete ||
  word.refutedBy !== undefined ||
  nowMs - word.atMs > confirmOff.maxAgeSeconds * 1000
    ? []
    : word.by.map((name, at) => ({ name, sender: word.senders?.[at] ?? null }));

/** The word that the host is off, or why there is none that counts. */
export function goodWord(
  word: OffConfirmed | undefined,
  claims: HostState['claims'],
  { confirmOff }: Segment['fencing'],
  nowMs: number,
): OffConfirmed | string {
  if (word === undefined) return 'and nobody has confirmed that it is off';
  const names = word.by.join(' and ');
  if (!word.complete) return `and not enough people have confirmed that it is off, only ${names}`;
  const ageSeconds = Math.round((nowMs - word.atMs) / 1000);
  if (ageSeconds > confirmOff.maxAgeSeconds)
    return `and the word of ${names} that it is off is ${ageSeconds} s old, which counts for ${confirmOff.maxAgeSeconds} s`;
  if (word.refutedBy !== undefined) return `and ${word.refutedBy} since ${names} confirmed that it is off`;
  if (lastSeenUpMs(claims) > word.atMs - CLOCK_SKEW_MS)
    return `and the host was seen up since ${names} confirmed that it is off`;
  return word;
}

/** S1: no device says on, and people say off. */
export const provenByWord = (
  { by, senders, reason, atMs: offSinceMs }: OffConfirmed,
  { systemUuid, askedAtMs, detail }: HostReading & { readonly askedAtMs: number },
  atMs: number,
): IncidentFact => {
  const proof: FenceProof = {
    kind: 'operator-confirmation',
    systemUuid,
    readAtMs: askedAtMs,
    offSinceMs,
    detail: `confirmed by ${by.map((name, at) => (senders?.[at] == null ? name : `${name} (${senders[at]})`)).join(' and ')}: ${reason}; its devices: ${detail}`,
  };
  return { type: 'proof-made', proof, atMs };
};
