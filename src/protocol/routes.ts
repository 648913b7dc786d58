import { formatEncodingName, parseEncodingName, type EncodingName } from '../model/encoding.js';
import { DepotError } from '../model/errors.js';
import { isDocumentName } from '../model/company.js';
import { isMetadataName, type MetadataName } from '../model/metadata.js';
import { isName } from '../model/names.js';
import { isSha256, type Sha256 } from '../model/sha256.js';
import { limits } from './limits.js';

/** What a request names. README section 2 lists them. */
export type Route =
  | { readonly name: 'directory' }
  | { readonly name: 'uploads' }
  | { readonly name: 'report' }
  | { readonly name: 'ca' }
  | { readonly name: 'enroll' }
  | { readonly name: 'request' }
  | { readonly name: 'company'; readonly file: string }
  | { readonly name: 'state'; readonly repository: string }
  | { readonly name: 'metadata'; readonly repository: string; readonly file: MetadataName }
  | { readonly name: 'page'; readonly repository: string; readonly sha256: Sha256 }
  | { readonly name: 'pages'; readonly repository: string }
  | { readonly name: 'difference'; readonly repository: string; readonly root: Sha256; readonly from: Sha256 }
  | { readonly name: 'object'; readonly repository: string; readonly sha256: Sha256 }
  | { readonly name: 'encoding'; readonly repository: string; readonly encoding: EncodingName }
  | { readonly name: 'bundle'; readonly repository: string }
  | { readonly name: 'offers'; readonly repository: string };

/** The path of a URL, below whatever prefix the parent's URL has. */
export function formatRoute(route: Route): string {
  switch (route.name) {
    case 'directory':
    case 'uploads':
    case 'report':
    case 'ca':
    case 'enroll':
    case 'request':
      return `/v1/${route.name}`;
    case 'company':
      return `/v1/directory/metadata/${route.file}`;
    case 'state':
      return `/v1/repositories/${route.repository}/state`;
    case 'metadata':
      return `/v1/repositories/${route.repository}/metadata/${route.file}`;
    case 'page':
      return `/v1/repositories/${route.repository}/pages/${route.sha256}`;
    case 'difference':
      return `/v1/repositories/${route.repository}/manifests/${route.root}.from.${route.from}`;
    case 'pages':
    case 'bundle':
    case 'offers':
      return `/v1/repositories/${route.repository}/${route.name}`;
    case 'encoding':
      return `/v1/repositories/${route.repository}/objects/${formatEncodingName(route.encoding)}`;
    case 'object':
      return `/v1/repositories/${route.repository}/objects/${route.sha256}`;
  }
}

/**
 * Reads the target of a request line. No route has characters that need escaping, so that one path has one spelling:
 * nothing is decoded or normalized, and `%2e%2e`, `//` or `.` match nothing.
 * @throws DepotError `bad-request` for what cannot be a target of this protocol, `not-found` for what names no route.
 */
export function parseRoute(target: string): Route {
  if (target.length > limits.urlBytes) {
    throw new DepotError('bad-request', `the URL has ${target.length} characters, at most ${limits.urlBytes} are read`);
  }
  if (!/^\/[A-Za-z0-9._/-]*$/.test(target)) {
    throw new DepotError('bad-request', `${JSON.stringify(target)} is not a path of this protocol`, {
      hint: 'paths have letters, digits and - . _ / only, without escapes and without a query',
    });
  }
  const route = match(target.split('/').slice(1));
  if (route === undefined) {
    throw new DepotError('not-found', `nothing is served at ${target}`, { hint: 'this depot speaks /v1' });
  }
  return route;
}

function match(parts: readonly string[]): Route | undefined {
  const [version, kind, repository, folder, file, ...more] = parts;
  if (version !== 'v1' || more.length > 0) return undefined;
  if (kind === 'directory' && repository === 'metadata') return file === undefined ? companyFile(folder) : undefined;
  if (kind === 'directory' || isPlain(kind)) return repository === undefined ? { name: kind } : undefined;
  if (kind !== 'repositories' || repository === undefined || !isName(repository)) return undefined;
  if (folder === 'state' || folder === 'bundle' || folder === 'offers') {
    return file === undefined ? { name: folder, repository } : undefined;
  }
  if (folder === 'pages' && file === undefined) return { name: folder, repository };
  return file === undefined ? undefined : matchFile(repository, folder, file);
}

function isPlain(kind: string | undefined): kind is 'uploads' | 'report' | 'ca' | 'enroll' | 'request' {
  return kind === 'uploads' || kind === 'report' || kind === 'ca' || kind === 'enroll' || kind === 'request';
}

function companyFile(file: string | undefined): Route | undefined {
  if (file === undefined || !(isMetadataName(file) || isDocumentName(file))) return undefined;
  return { name: 'company', file };
}

function encodingFile(repository: string, file: string): Route | undefined {
  const encoding = parseEncodingName(file);
  return encoding === undefined ? undefined : { name: 'encoding', repository, encoding };
}

function matchFile(repository: string, folder: string | undefined, file: string): Route | undefined {
  switch (folder) {
    case 'metadata':
      return isMetadataName(file) ? { name: 'metadata', repository, file } : undefined;
    case 'pages':
      return isSha256(file) ? { name: 'page', repository, sha256: file } : undefined;
    case 'objects':
      return isSha256(file) ? { name: 'object', repository, sha256: file } : encodingFile(repository, file);
    case 'manifests': {
      const [root, from, ...more] = file.split('.from.');
      if (root === undefined || from === undefined || more.length > 0) return undefined;
      return isSha256(root) && isSha256(from) ? { name: 'difference', repository, root, from } : undefined;
    }
    default:
      return undefined;
  }
}
