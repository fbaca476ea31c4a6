import { PermanentError } from '#shared/errors.ts';

/** How one cloud is reached and with which identity, from clouds.yaml, `OS_*` variables or a secret. */
export interface CloudConfig {
  /** Its name in clouds.yaml, `envvars`, or the secret's name: for messages. */
  readonly name: string;
  /** Keystone, ending in `/v3`. */
  readonly authUrl: string;
  readonly identity: PasswordIdentity | ApplicationCredentialIdentity;
  /** Undefined: the catalogue must have one region only. */
  readonly regionName: string | undefined;
  readonly interface: Interface;
  /** PEM text. */
  readonly caPem: string | undefined;
  readonly insecureTls: boolean;
  /** Nova's address in place of the catalogue's. */
  readonly computeEndpoint: string | undefined;
}

export type Interface = 'public' | 'internal' | 'admin';

/** Keystone names these things by id, or by name within a domain. */
export type Named =
  | { readonly id: string }
  | { readonly name: string; readonly domain: { readonly id: string } | { readonly name: string } };

export interface PasswordIdentity {
  readonly kind: 'password';
  readonly user: Named;
  readonly password: string;
  readonly project: Named;
}

export interface ApplicationCredentialIdentity {
  readonly kind: 'application-credential';
  readonly credential: { readonly id: string } | { readonly name: string; readonly user: Named };
  readonly secret: string;
}

export interface ConfigSource {
  readonly name: string;
  /** For messages: `cloud "lab" of /etc/openstack/clouds.yaml`. */
  readonly where: string;
  /** Reads a CA file; throws if it can't. */
  readonly readText: (path: string) => string;
}

type Fields = Readonly<Record<string, string>>;

/**
 * One cloud's entry, in the field names of openstacksdk (its page "Configuring OpenStack SDK Applications").
 * What belongs into `auth` may stand beside it too, as in `OS_*` variables and flat secrets.
 * @throws PermanentError that names the missing or unsupported field and where it was looked for.
 */
export function cloudConfigOf(entry: unknown, source: ConfigSource): CloudConfig {
  const fields = fieldsOf(entry, source);
  const refuse = (message: string) => new PermanentError(`${source.where}: ${message}`);
  if (fields.profile !== undefined || fields.cloud !== undefined)
    throw refuse('"profile" is not supported: write the fields of the profile into the entry');
  if (fields.cert !== undefined || fields.key !== undefined)
    throw refuse('TLS client certificates ("cert", "key") are not supported');
  if (
    fields.system_scope !== undefined ||
    (fields.project_id ?? fields.project_name ?? fields.application_credential_secret) === undefined
  )
    throw refuse('a project is needed (project_name or project_id): Nova takes tokens of a project only');
  const insecureTls = booleanOf(fields.insecure, false) || !booleanOf(fields.verify, true);
  return {
    name: source.name,
    authUrl: authUrlOf(fields, refuse),
    identity: identityOf(fields, refuse),
    regionName: fields.region_name,
    interface: interfaceOf(fields.compute_interface ?? fields.interface ?? fields.endpoint_type, refuse),
    caPem: insecureTls ? undefined : caPemOf(fields.cacert, source),
    insecureTls,
    computeEndpoint: fields.compute_endpoint_override,
  };
}

/**
 * A cloud from a secret of Secrets Manager or of the secrets file: the same field names, with `auth` as an object, as
 * JSON text, or flat. `cacert` holds the PEM text itself.
 */
export function cloudFromSecret(record: unknown, secretName: string): CloudConfig {
  const where = `secret ${secretName}`;
  const readText = () => {
    throw new Error('a secret holds the PEM text itself, no path');
  };
  return cloudConfigOf(record, { name: secretName, where, readText });
}

/** Every secret of a cloud, to be blotted out of what other services say. */
export function secretsOf(cloud: CloudConfig): readonly string[] {
  return [cloud.identity.kind === 'password' ? cloud.identity.password : cloud.identity.secret];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Flat, with `_` for `-` and without empty values; `auth` wins over what stands beside it. */
function fieldsOf(entry: unknown, source: ConfigSource): Fields {
  if (!isRecord(entry)) throw new PermanentError(`${source.where}: not a mapping of fields`);
  let { auth = {} } = entry;
  if (typeof auth === 'string') {
    try {
      auth = JSON.parse(auth);
    } catch {
      throw new PermanentError(`${source.where}: "auth" is text, but not JSON`);
    }
  }
  if (!isRecord(auth)) throw new PermanentError(`${source.where}: "auth" is not a mapping of fields`);
  const pairs = [...Object.entries(entry), ...Object.entries(auth)]
    .filter(([key, value]) => key !== 'auth' && ['string', 'number', 'boolean'].includes(typeof value) && value !== '')
    .map(([key, value]): [string, string] => [
      key.replaceAll('-', '_').replace(/^tenant_(id|name)$/, 'project_$1'),
      String(value),
    ]);
  return Object.fromEntries(pairs);
}

function booleanOf(text: string | undefined, fallback: boolean): boolean {
  if (text === undefined) return fallback;
  return ['true', 'yes', 'on', '1'].includes(text.toLowerCase());
}

type Refuse = (message: string) => PermanentError;

function authUrlOf(fields: Fields, refuse: Refuse): string {
  const text = fields.auth_url;
  if (text === undefined)
    throw refuse('auth_url is missing: the address of Keystone, such as https://keystone.example:5000/v3');
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw refuse('auth_url is not an http(s) address');
  const path = url.pathname.replace(/\/+$/, '');
  if (/\/v2(\.0)?$/.test(path) || /^2/.test(fields.identity_api_version ?? '3'))
    throw refuse('Keystone v2 is not supported: use the v3 address');
  return `${url.origin}${path.endsWith('/v3') ? path : `${path}/v3`}`;
}

function identityOf(fields: Fields, refuse: Refuse): CloudConfig['identity'] {
  const type =
    fields.auth_type ?? (fields.application_credential_secret === undefined ? 'password' : 'v3applicationcredential');
  if (type === 'password' || type === 'v3password') {
    if (fields.password === undefined) throw refuse('password is missing');
    return {
      kind: 'password',
      user: named(fields, 'user', 'username', refuse),
      password: fields.password,
      project: named(fields, 'project', 'project_name', refuse),
    };
  }
  if (type === 'v3applicationcredential') {
    const {
      application_credential_id: id,
      application_credential_name: name,
      application_credential_secret: secret,
    } = fields;
    if (secret === undefined) throw refuse('application_credential_secret is missing');
    if (id !== undefined) return { kind: 'application-credential', credential: { id }, secret };
    if (name === undefined) throw refuse('application_credential_id is missing');
    return {
      kind: 'application-credential',
      credential: { name, user: named(fields, 'user', 'username', refuse) },
      secret,
    };
  }
  throw refuse(`auth_type ${type} is not supported: use password or v3applicationcredential`);
}

/** Without a domain, the domain with the id `default`, as the openstack command has it. */
function named(fields: Fields, what: 'user' | 'project', nameField: string, refuse: Refuse): Named {
  const id = fields[`${what}_id`];
  if (id !== undefined) return { id };
  const name = fields[nameField];
  if (name === undefined) throw refuse(`${nameField} or ${what}_id is missing`);
  const domainName = fields[`${what}_domain_name`];
  if (domainName !== undefined) return { name, domain: { name: domainName } };
  const domainId = fields[`${what}_domain_id`] ?? fields.domain_id;
  if (domainId === undefined && fields.domain_name !== undefined) return { name, domain: { name: fields.domain_name } };
  return { name, domain: { id: domainId ?? fields.default_domain ?? 'default' } };
}

function interfaceOf(text: string | undefined, refuse: Refuse): Interface {
  const name = (text ?? 'public').replace(/URL$/, '');
  if (name === 'public' || name === 'internal' || name === 'admin') return name;
  throw refuse(`interface ${name} is none of public, internal, admin`);
}

function caPemOf(cacert: string | undefined, source: ConfigSource): string | undefined {
  if (cacert === undefined || cacert.includes('-----BEGIN')) return cacert;
  try {
    return source.readText(cacert);
  } catch (error) {
    throw new PermanentError(
      `${source.where}: cacert ${cacert} can't be read: ${error instanceof Error ? error.message : 'unknown'}`,
    );
  }
}
