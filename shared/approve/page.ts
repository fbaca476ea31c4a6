import { html } from 'hono/html';

/** Works without a script, on a phone, in dark and light. Whatever was said is escaped. */
const STYLE = `:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}
textarea{width:100%;box-sizing:border-box;font:inherit;min-height:5rem}button{font:inherit;padding:.6rem 1.2rem;margin-top:1rem}dt{font-weight:600}dd{margin:0 0 .5rem}`;

export interface Asked {
  readonly title: string;
  /** What will be done, and what that means. */
  readonly does: readonly string[];
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly confirm: string;
}

const frame = (title: string, body: unknown) =>
  html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>${body}</main></body></html>`;

/** Shows what will be done. To look does nothing: scanners of mail follow links, and none of them fills in a form. */
export const askPage = ({ title, does, facts, confirm }: Asked) =>
  frame(
    title,
    html`${does.map((each) => html`<p>${each}</p>`)}<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<form method="post"><label for="reason">Why: it goes into the audit</label><textarea id="reason" name="reason" required maxlength="500"></textarea><button type="submit">${confirm}</button></form>`,
  );

export const sayPage = (title: string, says: string) => frame(title, html`<p>${says}</p>`);
