import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { type CloudLookup, loadCloud } from '#shared/adapters/openstack/clouds-yaml.ts';
import { PermanentError } from '#shared/errors.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'salvor-clouds-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

const load = (env: CloudLookup['env'] = {}, rest: Partial<CloudLookup> = {}) =>
  loadCloud({
    env,
    workingDirectory: join(root, 'cwd'),
    homeDirectory: join(root, 'home'),
    siteDirectory: join(root, 'etc'),
    ...rest,
  });

const entry = (name: string, more = '') => `
  ${name}:
    auth: {auth_url: 'http://${name}:5000', username: u, password: p, project_name: x}
${more}`;
const clouds = (...entries: string[]) => `clouds:${entries.join('')}`;

const VARIABLES = { OS_AUTH_URL: 'http://variables:5000/v3', OS_USERNAME: 'u', OS_PASSWORD: 'p', OS_PROJECT_NAME: 'x' };

describe('which file', () => {
  it('is the first of the variable, the working directory, the user and the site', () => {
    put('etc/clouds.yaml', clouds(entry('site')));
    expect(load().name).toBe('site');
    put('home/.config/openstack/clouds.yml', clouds(entry('user')));
    expect(load().name).toBe('user');
    put(
      'cwd/clouds.json',
      JSON.stringify({
        clouds: { here: { auth: { auth_url: 'http://h', username: 'u', password: 'p', project_id: '1' } } },
      }),
    );
    expect(load().name).toBe('here');
    const named = put('else/my.yaml', clouds(entry('named')));
    expect(load({ OS_CLIENT_CONFIG_FILE: named }).name).toBe('named');
  });

  it('is looked for below XDG_CONFIG_HOME before the home', () => {
    put('home/.config/openstack/clouds.yaml', clouds(entry('user')));
    put('xdg/openstack/clouds.yaml', clouds(entry('xdg')));
    expect(load({ XDG_CONFIG_HOME: join(root, 'xdg') }).name).toBe('xdg');
  });

  it('is completed by the first secure.yaml', () => {
    put(
      'etc/clouds.yaml',
      'clouds:\n  a:\n    auth: {auth_url: "http://a", username: u, project_name: x}\n    region_name: R',
    );
    put('home/.config/openstack/secure.yaml', 'clouds: {a: {auth: {password: 0123}}}');
    expect(load()).toMatchObject({ regionName: 'R', identity: { password: '0123', user: { name: 'u' } } });
  });
});

describe('which cloud', () => {
  it("is the caller's, then OS_CLOUD, then the variables, then the only one", () => {
    put('cwd/clouds.yaml', clouds(entry('a'), entry('b')));
    expect(load({ ...VARIABLES, OS_CLOUD: 'a' }, { cloudName: 'b' }).name).toBe('b');
    expect(load({ ...VARIABLES, OS_CLOUD: 'a' }).name).toBe('a');
    expect(load(VARIABLES)).toMatchObject({ name: 'envvars', authUrl: 'http://variables:5000/v3' });
    put('cwd/clouds.yaml', clouds(entry('a')));
    expect(load().name).toBe('a');
    expect(load({ OS_REGION_NAME: 'R' })).toMatchObject({ name: 'a', regionName: 'R' });
  });

  it('has the region of the caller, the variable, the entry, or the first of its list', () => {
    put(
      'cwd/clouds.yaml',
      clouds(
        entry('a', '    region_name: entry'),
        entry('b', '    regions: [first, second]'),
        entry('c', '    regions: [{name: only, values: {}}]'),
      ),
    );
    expect(load({ OS_CLOUD: 'a', OS_REGION_NAME: 'variable' }, { regionName: 'caller' }).regionName).toBe('caller');
    expect(load({ OS_CLOUD: 'a', OS_REGION_NAME: 'variable' }).regionName).toBe('variable');
    expect(load({ OS_CLOUD: 'a' }).regionName).toBe('entry');
    expect(load({ OS_CLOUD: 'b' }).regionName).toBe('first');
    expect(load({ OS_CLOUD: 'c' }).regionName).toBe('only');
  });
});

describe('what is read', () => {
  const read = (more: string) => {
    put('cwd/clouds.yaml', `clouds:\n  a:\n${more}`);
    return load();
  };
  const base = '    auth: {auth_url: "http://a:5000/v3/", username: u, password: p, project_name: x}\n';

  it('has defaults', () => {
    expect(read(base)).toEqual({
      name: 'a',
      authUrl: 'http://a:5000/v3',
      identity: {
        kind: 'password',
        user: { name: 'u', domain: { id: 'default' } },
        password: 'p',
        project: { name: 'x', domain: { id: 'default' } },
      },
      regionName: undefined,
      interface: 'public',
      caPem: undefined,
      insecureTls: false,
      computeEndpoint: undefined,
    });
  });

  it('takes ids, domains and the names of old', () => {
    const auth = (fields: string) => read(`    auth: {auth_url: "http://a", password: p, ${fields}}\n`).identity;
    expect(auth('user_id: U, project_id: P')).toMatchObject({ user: { id: 'U' }, project: { id: 'P' } });
    expect(auth('username: u, user_domain_name: D, tenant_name: t, project_domain_id: E')).toMatchObject({
      user: { name: 'u', domain: { name: 'D' } },
      project: { name: 't', domain: { id: 'E' } },
    });
    expect(auth('username: u, project_name: x, domain_name: D')).toMatchObject({
      user: { domain: { name: 'D' } },
      project: { domain: { name: 'D' } },
    });
  });

  it('takes application credentials by id or by name, with or without auth_type', () => {
    const identity = { kind: 'application-credential', credential: { id: 'I' }, secret: 's' };
    const auth = '    auth: {auth_url: "http://a", application_credential_id: I, application_credential_secret: s}\n';
    expect(read(auth).identity).toEqual(identity);
    expect(read(`${auth}    auth_type: v3applicationcredential\n`).identity).toEqual(identity);
    const named = read(
      '    auth: {auth_url: "http://a", application_credential_name: N, application_credential_secret: s, username: u}\n',
    );
    expect(named.identity).toMatchObject({ credential: { name: 'N', user: { name: 'u', domain: { id: 'default' } } } });
  });

  it('takes interface, override, CA and verify', () => {
    expect(read(`${base}    interface: internal\n    compute_endpoint_override: http://n:8774/v2.1\n`)).toMatchObject({
      interface: 'internal',
      computeEndpoint: 'http://n:8774/v2.1',
    });
    expect(read(`${base}    endpoint_type: adminURL\n`).interface).toBe('admin');
    put('home/ca.pem', 'PEM');
    expect(read(`${base}    cacert: ~/ca.pem\n`).caPem).toBe('PEM');
    for (const field of ['verify: false', 'verify: no', 'insecure: True'])
      expect(read(`${base}    ${field}\n`).insecureTls).toBe(true);
    for (const field of ['verify: true', 'insecure: false'])
      expect(read(`${base}    ${field}\n`).insecureTls).toBe(false);
  });

  it('takes anchors and dashes', () => {
    put('cwd/clouds.yaml', `x: &x\n  region-name: R\n${clouds(entry('a', '    <<: *x'))}`);
    expect(load().regionName).toBe('R');
  });

  it('takes everything from variables', () => {
    const variables = {
      OS_AUTH_URL: 'http://v',
      OS_USER_ID: 'U',
      OS_PASSWORD: 'p',
      OS_PROJECT_ID: 'P',
      OS_REGION_NAME: 'R',
      OS_INTERFACE: 'internal',
      OS_COMPUTE_ENDPOINT_OVERRIDE: 'http://n',
    };
    expect(load(variables)).toMatchObject({
      authUrl: 'http://v/v3',
      regionName: 'R',
      interface: 'internal',
      computeEndpoint: 'http://n',
      identity: { user: { id: 'U' }, project: { id: 'P' } },
    });
    const credential = {
      OS_AUTH_TYPE: 'v3applicationcredential',
      OS_AUTH_URL: 'http://v',
      OS_APPLICATION_CREDENTIAL_ID: 'I',
      OS_APPLICATION_CREDENTIAL_SECRET: 's',
    };
    expect(load(credential).identity).toMatchObject({ credential: { id: 'I' } });
  });
});

describe('errors say what, where and what to do', () => {
  const refused = (text: string, action: () => unknown) => {
    expect(action).toThrow(PermanentError);
    expect(action).toThrow(text);
  };
  const file = (more: string) => put('cwd/clouds.yaml', `clouds:\n  a:\n${more}`);
  const auth = (fields: string) => file(`    auth: {${fields}}\n`);

  it('about files', () => {
    refused(
      'no cloud is configured: write a clouds.yaml, or set OS_AUTH_URL, OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME. Looked for',
      load,
    );
    refused(join(root, 'etc', 'clouds.yaml'), load);
    refused('OS_CLIENT_CONFIG_FILE names /nowhere.yaml, which does not exist', () =>
      load({ OS_CLIENT_CONFIG_FILE: '/nowhere.yaml' }),
    );
    refused('OS_CLIENT_SECURE_FILE names /nowhere.yaml', () => load({ OS_CLIENT_SECURE_FILE: '/nowhere.yaml' }));
    const path = put('cwd/clouds.yaml', 'cloud: {}');
    refused(`${path} has no mapping "clouds"`, load);
    put('cwd/clouds.yaml', 'clouds:\n  a: {password: "geheim\n  b: c');
    refused(`${path} is not valid YAML (line `, load);
    expect(() => load()).not.toThrow('geheim');
  });

  it('about the choice', () => {
    refused('there is no cloud "z" in any of', () => load({ OS_CLOUD: 'z' }));
    const path = put('cwd/clouds.yaml', clouds(entry('a'), entry('b')));
    refused(`${path} has several clouds (a, b): set OS_CLOUD to one of them`, load);
    refused(`there is no cloud "z" in ${path}; it has a, b. Set OS_CLOUD to one of its clouds`, () =>
      load({ OS_CLOUD: 'z' }),
    );
  });

  it.each([
    ['username: u, password: p, project_name: x', 'auth_url is missing'],
    ['auth_url: "nova", username: u, password: p, project_name: x', 'auth_url is not an http(s) address'],
    ['auth_url: "http://a/v2.0", username: u, password: p, project_name: x', 'Keystone v2 is not supported'],
    ['auth_url: "http://a", username: u, project_name: x', 'password is missing'],
    ['auth_url: "http://a", password: p, project_name: x', 'username or user_id is missing'],
    ['auth_url: "http://a", username: u, password: p', 'a project is needed (project_name or project_id)'],
    ['auth_url: "http://a", username: u, password: p, system_scope: all', 'a project is needed'],
    [
      'auth_url: "http://a", auth_type: v3applicationcredential, project_name: x',
      'application_credential_secret is missing',
    ],
    ['auth_url: "http://a", application_credential_secret: s', 'application_credential_id is missing'],
    [
      'auth_url: "http://a", auth_type: v3oidcpassword, project_name: x',
      'auth_type v3oidcpassword is not supported: use password or v3applicationcredential',
    ],
  ])('about auth {%s}', (fields, text) => {
    const path = auth(fields);
    refused(`cloud "a" of ${path}: ${text}`, load);
  });

  it.each([
    ['profile: vexxhost', '"profile" is not supported'],
    ['cert: /x.pem', 'TLS client certificates ("cert", "key") are not supported'],
    ['interface: private', 'interface private is none of public, internal, admin'],
    ['cacert: /nowhere.pem', "cacert /nowhere.pem can't be read"],
  ])('about %s', (field, text) => {
    file(`    ${field}\n    auth: {auth_url: "http://a", username: u, password: p, project_name: x}\n`);
    refused(text, load);
  });

  it('about variables', () => {
    refused('the OS_* variables: password is missing', () => load({ ...VARIABLES, OS_PASSWORD: '' }));
  });

  it('about an entry that is no mapping', () => {
    put('cwd/clouds.yaml', 'clouds: {a: text}');
    refused('not a mapping of fields', load);
    put('cwd/clouds.yaml', 'clouds: {a: {auth: [1]}}');
    refused('"auth" is not a mapping of fields', load);
  });
});

describe('a cloud from a secret', () => {
  const auth = { auth_url: 'http://a', username: 'u', password: 'p', project_name: 'x' };
  const expected = { name: 'salvor/cloud', authUrl: 'http://a/v3', regionName: 'R', identity: { password: 'p' } };

  it('has its auth nested, as JSON text, or flat', () => {
    for (const record of [
      { auth, region_name: 'R' },
      { auth: JSON.stringify(auth), region_name: 'R' },
      { ...auth, region_name: 'R' },
    ])
      expect(cloudFromSecret(record, 'salvor/cloud')).toMatchObject(expected);
  });

  it('holds the PEM text of its CA, no path', () => {
    const pem = '-----BEGIN CERTIFICATE-----\n';
    expect(cloudFromSecret({ auth, cacert: pem }, 's').caPem).toBe(pem);
    expect(() => cloudFromSecret({ auth, cacert: '/ca.pem' }, 's')).toThrow(
      "secret s: cacert /ca.pem can't be read: a secret holds the PEM text itself",
    );
  });

  it('is named in errors, without its values', () => {
    expect(() => cloudFromSecret({ password: 'geheim' }, 'salvor/cloud')).toThrow(
      'secret salvor/cloud: a project is needed',
    );
    expect(() => cloudFromSecret({ auth: '{geheim' }, 's')).toThrow('secret s: "auth" is text, but not JSON');
    expect(() => cloudFromSecret([], 's')).toThrow('secret s: not a mapping of fields');
  });
});
