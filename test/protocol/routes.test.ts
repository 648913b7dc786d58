import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { metadataName } from '../../src/model/metadata.js';
import { sha256 } from '../../src/model/sha256.js';
import { limits } from '../../src/protocol/limits.js';
import { formatRoute, parseRoute, type Route } from '../../src/protocol/routes.js';

const a = sha256('a');
const b = sha256('b');

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
const hash = fc.string().map((text) => sha256(text));
const versioned = fc
  .constantFrom('root', 'snapshot', 'targets')
  .chain((role) => fc.integer({ min: 1 }).map((version) => metadataName(role, version)));
const metadata = fc.oneof(fc.constant(metadataName('timestamp')), versioned);
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.constant<Route>({ name: 'directory' }),
  fc.constant<Route>({ name: 'report' }),
  fc.record({ name: fc.constant('state' as const), repository: name }),
  fc.record({ name: fc.constant('metadata' as const), repository: name, file: metadata }),
  fc.record({ name: fc.constant('page' as const), repository: name, sha256: hash }),
  fc.record({ name: fc.constant('difference' as const), repository: name, root: hash, from: hash }),
  fc.record({ name: fc.constant('object' as const), repository: name, sha256: hash }),
  fc.record({ name: fc.constantFrom('bundle' as const, 'offers' as const), repository: name }),
);

function refusal(target: string): string | undefined {
  try {
    parseRoute(target);
    return undefined;
  } catch (error) {
    return error instanceof DepotError ? error.code : String(error);
  }
}

describe('a route', () => {
  it('is read back from its path', () => {
    fc.assert(
      fc.property(route, (any) => {
        expect(parseRoute(formatRoute(any))).toEqual(any);
      }),
    );
  });

  it('has one spelling only', () => {
    fc.assert(
      fc.property(route, fc.nat(), fc.constantFrom('/', '.', '%', '?', '#', 'A', '\\', '\0', ' '), (any, at, more) => {
        const path = formatRoute(any);
        const changed = path.slice(0, at % path.length) + more + path.slice(at % path.length);
        try {
          expect(formatRoute(parseRoute(changed))).toBe(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(DepotError);
        }
      }),
    );
  });

  it.each([
    'http://other.example/v1/directory',
    '*',
    '',
    'v1/directory',
    '/v1/directory?x=1',
    '/v1/repositories/tools/%73tate',
    '/v1/repositories/tools/pages/..%2fstate',
    '/v1/repositories/tools\\state',
    '/v1/repositories/tools/state\0',
    `/${'v'.repeat(limits.urlBytes)}`,
  ])('is refused where it cannot be one: %j', (target) => {
    expect(refusal(target)).toBe('bad-request');
  });

  it.each([
    '/',
    '/v2/directory',
    '/v1',
    '/v1/directory/',
    '/v1//directory',
    '/v1/repositories/../directory',
    '/v1/repositories/tools/../office/state',
    '/v1/repositories/./state',
    '/v1/repositories/tools/state/',
    '/v1/repositories/tools/metadata/0.root.json',
    '/v1/repositories/tools/metadata/007.targets.json',
    '/v1/repositories/tools/metadata/9999999999999999.snapshot.json',
    '/v1/repositories/tools/metadata/1.timestamp.json',
    '/v1/repositories/tools/metadata/../../office/metadata/1.root.json',
    `/v1/repositories/tools/objects/${a.toUpperCase()}`,
    `/v1/repositories/tools/objects/${a.slice(1)}`,
    `/v1/repositories/tools/objects/${a}/more`,
    `/v1/repositories/tools/manifests/${a}.from.${b}.from.${b}`,
    `/v1/repositories/${'r'.repeat(64)}/state`,
  ])('is not found where there is none: %j', (target) => {
    expect(refusal(target)).toBe('not-found');
  });
});
