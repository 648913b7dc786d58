/**
 * Names of depots, sites and repositories. They stand in URLs, file names, logs and certificates, so their alphabet is
 * small: letters, digits, `-`, `_`, `.`; they begin with a letter or digit and have at most 63 characters.
 */
const label = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export function isName(text: string): boolean {
  return label.test(text);
}

/** A site is a path of names, from the company down: `enterprise/germany/munich`; at most 16 levels. */
export function isSite(text: string): boolean {
  const names = text.split('/');
  return names.length <= 16 && names.every(isName);
}

/** Whether `site` is `context` itself or lies below it: the scope of a repository whose context that is. */
export function isWithin(site: string, context: string): boolean {
  return site === context || site.startsWith(`${context}/`);
}

const numbered = new Intl.Collator('en', { numeric: true });

/** An order for people: numbers in names by their value, `munich-2` before `munich-10`. */
export function compareNumbered(a: string, b: string): number {
  return numbered.compare(a, b);
}
