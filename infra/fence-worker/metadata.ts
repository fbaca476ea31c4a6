import { PermanentError } from '#shared/errors.ts';

/** What an agent says of itself (Fence Agent API, action `metadata`). */
export interface AgentMetadata {
  readonly actions: ReadonlySet<string>;
  /** It cuts off storage or a network, not power: its action `on` is to be done by the cluster itself. */
  readonly isFabric: boolean;
  readonly parameters: ReadonlyMap<string, AgentParameter>;
}

export interface AgentParameter {
  /** `string`, `integer`, `second`, `boolean` or `select`. */
  readonly type: string;
  readonly default: string | undefined;
  /** An old name of another parameter. */
  readonly isDeprecated: boolean;
  /** Of a `select`. */
  readonly options: readonly string[];
}

/**
 * Agents print it line by line, from one library (`metadata` of fencing.py): elements without text of their own but in the
 * descriptions, which are not looked at.
 * @throws PermanentError when it is not the metadata of a fence agent
 */
export function parseMetadata(xml: string): AgentMetadata {
  if (!/<resource-agent\s/.test(xml)) throw new PermanentError('its metadata are not those of a fence agent');
  const parameters = new Map<string, AgentParameter>();
  for (const [, opening = '', inside = ''] of xml.matchAll(/<parameter\s([^>]*)>([\s\S]*?)<\/parameter>/g)) {
    const { name, deprecated } = attributesOf(opening);
    const content = attributesOf(/<content\s([^>]*)>/.exec(inside)?.[1] ?? '');
    const options = [...inside.matchAll(/<option\s([^>]*)>/g)].flatMap(
      ([, text = '']) => attributesOf(text).value ?? [],
    );
    if (name !== undefined)
      parameters.set(name, {
        type: content.type ?? 'string',
        default: content.default,
        isDeprecated: deprecated === '1',
        options,
      });
  }
  const actions = [...xml.matchAll(/<action\s([^>]*)>/g)].map(([, text = '']) => attributesOf(text));
  return {
    actions: new Set(actions.flatMap(({ name }) => name ?? [])),
    isFabric: actions.some(({ name, automatic }) => name === 'on' && automatic === '1'),
    parameters,
  };
}

const attributesOf = (text: string): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
