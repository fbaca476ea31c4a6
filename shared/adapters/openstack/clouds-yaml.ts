import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { PermanentError } from '#shared/errors.ts';
import { type CloudConfig, cloudConfigOf } from './cloud-config.ts';

export interface CloudLookup {
  /** The process environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `clouds.yaml` is looked for first. */
  readonly workingDirectory: string;
  /** Default: the user's home. */
  readonly homeDirectory?: string;
  /** Default: `/etc/openstack`. */
  readonly siteDirectory?: string;
  /** Which cloud; wins over `OS_CLOUD`. */
  readonly cloudName?: string;
  /** Wins over `OS_REGION_NAME`, which wins over the entry's. */
  readonly regionName?: string;
}

type Entries = Readonly<Record<string, unknown>>;

/**
 * Finds the cloud as openstacksdk does ("Configuring OpenStack SDK Applications"): the first `clouds.yaml` of
 * `OS_CLIENT_CONFIG_FILE`, the working directory, `~/.config/openstack`, `/etc/openstack`; merged with the first
 * `secure.yaml`; the cloud that `OS_CLOUD` names, else the one that the `OS_*` variables make up, else the only one.
 * @throws PermanentError that says what is missing, where it was looked for and what to do.
 */
export function loadCloud(lookup: CloudLookup): CloudConfig {
  const { env } = lookup;
  const clouds = readFirst(lookup, 'clouds', env.OS_CLIENT_CONFIG_FILE);
  const secure = readFirst(lookup, 'secure', env.OS_CLIENT_SECURE_FILE);
  const entries = merge(clouds.entries, secure.entries);
  const variables = fromVariables(env);
  const only = Object.keys(entries).length === 1 ? Object.keys(entries)[0] : undefined;
  const name = lookup.cloudName ?? env.OS_CLOUD ?? (variables === undefined ? only : undefined);
  if (name === undefined && variables === undefined) throw nothingFound(clouds, Object.keys(entries));
  const entry = name === undefined ? variables : entries[name];
  if (entry === undefined) throw notFound(name, clouds, Object.keys(entries));
  const region = lookup.regionName ?? env.OS_REGION_NAME ?? firstRegion(entry);
  return cloudConfigOf(region === undefined || !isRecord(entry) ? entry : { ...entry, region_name: region }, {
    name: name ?? 'envvars',
    where: name === undefined ? 'the OS_* variables' : `cloud "${name}" of ${clouds.path ?? secure.path}`,
    readText: (path) => readFileSync(path.replace(/^~(?=\/)/, lookup.homeDirectory ?? homedir()), 'utf8'),
  });
}

interface Found {
  readonly path: string | undefined;
  readonly lookedFor: readonly string[];
  readonly entries: Entries;
}

function readFirst(lookup: CloudLookup, what: 'clouds' | 'secure', named: string | undefined): Found {
  const { workingDirectory, homeDirectory = homedir(), siteDirectory = '/etc/openstack' } = lookup;
  if (named !== undefined && named !== '') {
    const path = isAbsolute(named) ? named : join(workingDirectory, named);
    const variable = what === 'clouds' ? 'OS_CLIENT_CONFIG_FILE' : 'OS_CLIENT_SECURE_FILE';
    if (!existsSync(path)) throw new PermanentError(`${variable} names ${path}, which does not exist`);
    return { path, lookedFor: [path], entries: entriesIn(path) };
  }
  const xdg = lookup.env.XDG_CONFIG_HOME ? [join(lookup.env.XDG_CONFIG_HOME, 'openstack')] : [];
  const directories = [
    ...new Set([workingDirectory, ...xdg, join(homeDirectory, '.config', 'openstack'), siteDirectory]),
  ];
  const lookedFor = directories.flatMap((directory) =>
    ['yaml', 'yml', 'json'].map((suffix) => join(directory, `${what}.${suffix}`)),
  );
  const path = lookedFor.find((each) => existsSync(each));
  return { path, lookedFor, entries: path === undefined ? {} : entriesIn(path) };
}

function entriesIn(path: string): Entries {
  const document = documentIn(path);
  if (!isRecord(document) || !isRecord(document.clouds)) throw new PermanentError(`${path} has no mapping "clouds"`);
  return document.clouds;
}

/** Every scalar is read as text, so that a password of digits stays what it is. */
function documentIn(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new PermanentError(
      `${path} can't be read: ${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'}`,
    );
  }
  try {
    return parse(text, { schema: 'failsafe', merge: true });
  } catch (error) {
    // The parser's own message quotes the line, and with it perhaps a password.
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
    throw new PermanentError(`${path} is not valid YAML${line === undefined ? '' : ` (line ${line})`}`);
  }
}

const isRecord = (value: unknown): value is Entries =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(below: Entries, above: Entries): Entries {
  const pairs = Object.entries(above).map(([key, value]): [string, unknown] => {
    const under = below[key];
    return [key, isRecord(under) && isRecord(value) ? merge(under, value) : value];
  });
  return { ...below, ...Object.fromEntries(pairs) };
}

/** Variables that choose among clouds but don't make one. */
const SELECTORS = ['OS_CLOUD', 'OS_REGION_NAME', 'OS_CLIENT_CONFIG_FILE', 'OS_CLIENT_SECURE_FILE', 'OS_CLOUD_NAME'];

function fromVariables(env: CloudLookup['env']): Entries | undefined {
  const own = Object.keys(env).filter(
    (key) => /^OS_(?!TEST|STD|LOG)/.test(key) && !SELECTORS.includes(key) && env[key] !== '',
  );
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map((key) => [key.slice(3).toLowerCase(), env[key]]));
}

/** An entry may list its regions, as names or as `{name, values}`; the first is the default. */
function firstRegion(entry: unknown): string | undefined {
  if (!isRecord(entry) || entry.region_name !== undefined || !Array.isArray(entry.regions)) return undefined;
  const first: unknown = entry.regions[0];
  const name = isRecord(first) ? first.name : first;
  return typeof name === 'string' ? name : undefined;
}

function notFound(name: string | undefined, clouds: Found, known: readonly string[]): PermanentError {
  const place = clouds.path ?? `any of ${clouds.lookedFor.join(', ')} (none exists)`;
  const choice = known.length === 0 ? '' : `; it has ${known.join(', ')}`;
  return new PermanentError(`there is no cloud "${name}" in ${place}${choice}. Set OS_CLOUD to one of its clouds`);
}

function nothingFound(clouds: Found, known: readonly string[]): PermanentError {
  if (known.length > 0)
    return new PermanentError(`${clouds.path} has several clouds (${known.join(', ')}): set OS_CLOUD to one of them`);
  return new PermanentError(
    `no cloud is configured: write a clouds.yaml, or set OS_AUTH_URL, OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME. Looked for ${clouds.lookedFor.join(', ')}`,
  );
}
