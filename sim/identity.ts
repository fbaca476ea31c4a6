import type { WorldClock } from './clock.ts';
import type { Random } from './random.ts';

export interface SimUser {
  readonly id: string;
  readonly name: string;
  readonly password: string;
}
/** One of the users as somebody signs in. */
export interface PasswordCredentials {
  readonly username: string;
  readonly password: string;
  readonly projectName: string;
  readonly userDomainName: string;
  readonly projectDomainName: string;
}

export interface SimProject {
  readonly id: string;
  readonly name: string;
}
export interface SimApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly userId: string;
  readonly projectId: string;
  /** As it was asked for; null or absent for never. */
  readonly expiresAt?: string | null;
  /** It may do what access rules say, of which none is for Keystone itself. */
  readonly hasAccessRules?: boolean;
}

/** A token that was issued; `project` is absent from an unscoped one, and from one of the system's scope. */
export interface SimToken {
  readonly value: string;
  readonly methods: readonly string[];
  readonly user: SimUser;
  readonly project?: SimProject;
  readonly isSystem?: boolean;
  readonly roles: readonly string[];
  readonly applicationCredential?: SimApplicationCredential;
  readonly issuedMs: number;
  readonly expiresMs: number;
}

/** Users, projects, application credentials and tokens: two users, an administrator and a plain member. */
export class Identity {
  readonly domain = { id: 'default', name: 'Default' } as const;
  readonly projects: readonly SimProject[];
  readonly users: readonly SimUser[];
  readonly applicationCredentials: SimApplicationCredential[];
  readonly #clock: WorldClock;
  readonly #random: Random;
  readonly #lifetimeMs: number;
  readonly #tokens = new Map<string, SimToken>();
  readonly #roles: ReadonlyMap<string, readonly string[]>;

  constructor(parts: { clock: WorldClock; random: Random; tokenLifetimeSeconds: number }) {
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#lifetimeMs = parts.tokenLifetimeSeconds * 1000;
    const hex = (): string => this.#random.hex(32);
    const admin = { id: hex(), name: 'admin', password: hex() };
    const demo = { id: hex(), name: 'demo', password: hex() };
    const adminProject = { id: hex(), name: 'admin' };
    const demoProject = { id: hex(), name: 'demo' };
    this.users = [admin, demo];
    this.projects = [adminProject, demoProject];
    this.applicationCredentials = [
      { id: hex(), name: 'salvor', secret: this.#random.hex(64), userId: admin.id, projectId: adminProject.id },
    ];
    this.#roles = new Map([
      [`${admin.id} ${adminProject.id}`, ['admin', 'member', 'reader']],
      [`${demo.id} ${demoProject.id}`, ['member', 'reader']],
    ]);
  }

  addApplicationCredential(
    of: Pick<SimApplicationCredential, 'name' | 'userId' | 'projectId' | 'expiresAt' | 'hasAccessRules'>,
  ): SimApplicationCredential {
    const added = { ...of, id: this.#random.hex(32), secret: this.#random.hex(64) };
    this.applicationCredentials.push(added);
    return added;
  }

  rolesOf(user: SimUser, project: SimProject): readonly string[] {
    return this.#roles.get(`${user.id} ${project.id}`) ?? [];
  }

  /** As `keystone-manage bootstrap` has it: its user is the administrator of the system too. */
  systemRolesOf(user: SimUser): readonly string[] {
    return user === this.users[0] ? ['admin', 'member', 'reader'] : [];
  }

  issue(grant: Omit<SimToken, 'value' | 'issuedMs' | 'expiresMs'>): SimToken {
    const issuedMs = this.#clock.now();
    const value = `gAAAAA${this.#random.hex(64)}`;
    const token: SimToken = { ...grant, value, issuedMs, expiresMs: issuedMs + this.#lifetimeMs };
    this.#tokens.set(value, token);
    return token;
  }

  /** The token if it is known, not revoked and not expired. */
  validate(value: string | undefined): SimToken | undefined {
    const token = value === undefined ? undefined : this.#tokens.get(value);
    return token !== undefined && token.expiresMs > this.#clock.now() ? token : undefined;
  }

  revoke(value: string): void {
    this.#tokens.delete(value);
  }
}
