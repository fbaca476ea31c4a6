/** A part of a policy's YAML, with those below it. */
export interface PolicyPart {
  /** For the address: unique within the policy. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly lines: number;
  /** Where the part is a list of named things, the names. */
  readonly names: readonly string[];
}

/** The parts of a policy as salvor writes it: each key at the left margin, and each of the segments by itself. */
export function partsOf(yaml: string): readonly PolicyPart[] {
  const top = yaml.trimEnd().split(/^(?=\S)/m);
  return top.flatMap((text): readonly PolicyPart[] => {
    const key = /^"?([^":\n]+)"?:/.exec(text)?.[1] ?? '';
    if (key !== 'segments') return [part(key, text, key === 'fenceDevices' ? namesIn(text) : [])];
    // The first piece is the key alone.
    return text
      .split(/^(?= {2}- )/m)
      .slice(1)
      .map((each) => part(`segment ${/\bname: "?([^"\n]+)"?/.exec(each)?.[1] ?? ''}`, each, []));
  });
}

const part = (title: string, text: string, names: readonly string[]): PolicyPart => ({
  id: `part-${title.replaceAll(/[^\w-]+/g, '-')}`,
  title,
  text: text.trimEnd(),
  lines: text.trimEnd().split('\n').length,
  names,
});

const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(/^ {2}"?([^\s":]+)"?:/gm)].map(([, name = '']) => name);
