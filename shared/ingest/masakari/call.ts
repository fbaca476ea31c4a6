import type { Reporter } from '#shared/domain/reporter.ts';
import type { KeystoneTokens, TokenOwner } from '#shared/ports.ts';
import type { AcceptServices } from '../accept.ts';
import type { Schema } from './json-schema.ts';
import type { Microversion } from './microversion.ts';

export type MasakariServices = AcceptServices & { readonly tokens: KeystoneTokens };

/** A request that was let in and understood. */
export interface Call {
  readonly services: MasakariServices;
  readonly owner: TokenOwner;
  /** What the caller's words count under. */
  readonly reporter: Reporter;
  readonly microversion: Microversion;
  /** Of the path; empty where the path has none of this name. */
  readonly id: (name: 'segment' | 'host' | 'notification' | 'vmove') => string;
  readonly params: URLSearchParams;
  /** As the action's schema lets it through. */
  readonly body: unknown;
}

export interface Reply {
  readonly status: 200 | 201 | 202 | 204;
  readonly body?: object;
}

/** One thing that can be asked of API v1. */
export interface Action {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/v1` and below `/v1/{project}`. */
  readonly path: string;
  /** Masakari's policy rule, without its prefix. */
  readonly rule: string;
  readonly schema?: (microversion: Microversion) => Schema;
  readonly act: (call: Call) => Promise<Reply>;
}

/** What Masakari's router knows and its controllers refuse with 405. */
export interface Refused {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** As Masakari's message names it. */
  readonly action: 'create' | 'update' | 'delete';
}
