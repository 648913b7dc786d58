import { isName, isSite, isWithin } from '../model/names.js';
import { readDraft, type Draft, type Found } from './draft.js';
import { nameRefusal, siteRefusal } from './leaves.js';
import { shown, type Finding } from './problems.js';

/** Checks what zod cannot: the names of repositories, and that the settings fit together. `value` is as written. */
export function disagreements(value: unknown): Finding[] {
  const draft = readDraft(value);
  return [
    ...badNames([...draft.published.map((repository) => repository.name), ...draft.intervals, ...draft.prioritised]),
    ...faultyWindows(draft),
    ...contextsElsewhere(draft),
    ...badSites(draft),
    ...followWithoutParent(draft),
    ...publishedAndFollowed(draft),
    ...repeated(draft),
    ...nestedFolders(draft),
  ];
}

function* badNames(names: readonly Found<string>[]): Generator<Finding> {
  for (const { value, path } of names) {
    if (!isName(value)) yield { path, at: 'key', message: `found ${shown(value)}; ${nameRefusal(value)}` };
  }
}

function* badSites({ site, sites, emptySections }: Draft): Generator<Finding> {
  const company = site?.value.split('/')[0];
  for (const { value, path } of sites) {
    const found = `found ${shown(value)}`;
    if (!isSite(value)) yield { path, at: 'key', message: `${found}; ${siteRefusal(value)}` };
    else if (company !== undefined && !isWithin(value, company)) {
      const message = `${found}, which lies outside the company: all sites begin with ${shown(company)}`;
      yield { path, at: 'key', message };
    }
  }
  for (const path of emptySections) {
    const message =
      path.at(-1) === 'network'
        ? 'says nothing; to set no limit, write network: { otherwise: unlimited }'
        : 'says nothing; give it network or poll, or remove it';
    yield { path, at: 'key', message };
  }
}

function* contextsElsewhere({ site, published }: Draft): Generator<Finding> {
  if (site === undefined) return;
  const names = site.value.split('/');
  const covering = names.map((_, at) => names.slice(0, at + 1).join('/'));
  for (const { context } of published) {
    if (context === undefined || isWithin(site.value, context.value)) continue;
    yield {
      path: context.path,
      at: 'value',
      message:
        `found ${shown(context.value)}, which does not cover this depot's own site ${shown(site.value)}; ` +
        `allowed: ${covering.join(', ')}`,
    };
  }
}

function* followWithoutParent({ hasParent, hasFollow }: Draft): Generator<Finding> {
  if (hasParent || !hasFollow) return;
  const message = 'there is no parent to follow anything from; add parent: https://HOST:PORT, or remove follow';
  yield { path: ['follow'], at: 'key', message };
}

function* faultyWindows({ windows }: Draft): Generator<Finding> {
  for (const { path, isEmpty, hasOtherwise, times } of windows) {
    if (!isEmpty && !hasOtherwise) {
      const message = 'needs network.otherwise beside it, the rate outside of all windows: a rate, unlimited or closed';
      yield { path, at: 'key', message };
    }
    for (const { from, to } of times) {
      if (from.value === 1440)
        yield { path: from.path, at: 'value', message: 'a window cannot begin at the end of a day' };
      else if (to.value === 0) yield { path: to.path, at: 'value', message: 'found "00:00"; did you mean "24:00"?' };
      else if (from.value === to.value) {
        const message = 'is the time at which it begins; leave out from and to for the whole day';
        yield { path: to.path, at: 'value', message };
      }
    }
  }
}

/** A parent and an interval are of use before and after a move to another master depot; what is held is all of it then. */
function* publishedAndFollowed(draft: Draft): Generator<Finding> {
  const published = new Set(draft.published.map((repository) => repository.name.value));
  for (const { value, path } of draft.followed) {
    if (!published.has(value)) continue;
    const message = `${shown(value)} is published here, or held whole until it is; remove it from follow`;
    yield { path, at: path.at(-1) === value ? 'key' : 'value', message };
  }
}

function* repeated(draft: Draft): Generator<Finding> {
  const own = draft.listen;
  for (const { url } of draft.parents) {
    if (url === undefined || url.value !== own?.value) continue;
    yield {
      path: url.path,
      at: 'value',
      message: `${url.value} is where this depot itself listens; name the depot above`,
    };
  }
  const urls = draft.parents.flatMap(({ url }) => url ?? []);
  for (const { value, path } of urls) {
    if (!/^\w+:\/\/(0\.0\.0\.0|\[::\]):/.test(value)) continue;
    yield { path, at: 'value', message: `${value} means all addresses of this machine; name the depot above` };
  }
  yield* twice(urls, 'a second time; remove one of the two');
  yield* twice(draft.followed, 'a second time; put its patterns into one entry');
  for (const { repositories } of draft.parents) yield* twice(repositories, 'a second time; remove one of the two');
}

function* twice(list: readonly Found<string>[], message: string): Generator<Finding> {
  const seen = new Set<string>();
  for (const { value, path } of list) {
    if (seen.has(value)) yield { path, at: 'value', message: `found ${shown(value)} ${message}` };
    seen.add(value);
  }
}

function* nestedFolders({ data, published }: Draft): Generator<Finding> {
  const sources = published.flatMap(({ name, source, work }) => {
    const folder = source ?? work;
    return folder === undefined ? [] : [{ name: name.value, source: folder }];
  });
  for (const [at, { source }] of sources.entries()) {
    const finding = (what: string): Finding => ({
      path: source.path,
      at: 'value',
      message: `found ${shown(source.value)}, ${what}`,
    });
    if (data !== undefined && isInside(source.value, data.value)) {
      yield finding(`which lies in the data directory ${data.value}; a source must be a folder of its own`);
    } else if (data !== undefined && isInside(data.value, source.value)) {
      yield finding(`which holds the data directory ${data.value}; depotd would publish its own files`);
    }
    for (const other of sources.slice(0, at)) {
      if (other.source.value === source.value) yield finding(`which is the source of ${other.name} already`);
      else if (isInside(source.value, other.source.value))
        yield finding(`which lies in the source of ${other.name}, ${other.source.value}`);
      else if (isInside(other.source.value, source.value))
        yield finding(`which holds the source of ${other.name}, ${other.source.value}`);
    }
  }
}

/** Whether the folder `inner` is `outer` or lies in it; both absolute and normalized. */
export function isInside(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}
