import type { Agent } from './agents.ts';

/**
 * Agents end alike whatever has gone wrong, and most say alike what it was: "Unable to connect/login to fencing device" is a
 * wrong password and a dead board. What the programs and libraries below them print is told apart, but only when an agent is
 * loud. How loud stands here for those whose words are known; `verbose_level` is of fencing.py.
 */
const LOUDNESS: Readonly<Record<string, string>> = {
  // ipmitool is given a -v from level 2 on: without it, it says the same of a wrong password and of no answer.
  ...Object.fromEntries(
    ['idrac', 'ilo3', 'ilo4', 'ilo5', 'imm', 'ipmilan', 'ipmilanplus'].map((name) => [`fence_${name}`, '2']),
  ),
  // urllib3 tells the status of each answer.
  fence_redfish: '1',
};

const LEVEL = 'verbose_level';

/** What a status is asked with besides, so that a refused login shows. */
export const loudnessOf = ({ name, metadata }: Agent): Readonly<Record<string, string>> => {
  const level = LOUDNESS[name];
  return level === undefined || !metadata.parameters.has(LEVEL) ? {} : { [LEVEL]: level };
};

/** Each says that the user or the password is not taken, and nothing else. */
const WORDS: readonly RegExp[] = [
  // ipmitool (lib/ipmi_main, lanplus): the hash that only the right password makes; and codes of RAKP message 2.
  /RAKP 2 HMAC is invalid/,
  /RAKP 2 message indicates an error : (unauthorized name|unauthorized GUID|unauthorized role or privilege level requested)/,
  // urllib3's log of an answer.
  /"(?:GET|POST|PUT|PATCH) \S+ HTTP\/1\.[01]" 401 \S+/,
  // net-snmp's tools, which fencing_snmp.py repeats.
  /Authentication failure \(incorrect password, community or key\)/,
  /snmp(?:get|set|walk): Unknown user name/,
  // keystoneauth, as fence_openstack repeats it.
  /Failed: Unauthorized: /,
  // OpenSSH's client.
  /Permission denied \((?:publickey|password|keyboard-interactive)[^)]*\)/,
];

/** The words by which a device has refused the login; undefined when it is not certain that it has. */
export function refusalIn(output: string): string | undefined {
  for (const word of WORDS) {
    const found = word.exec(output)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}
