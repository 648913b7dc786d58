import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { configSchema, type JsonSchema } from '../../src/config/schema-file.js';
import { loadSettings } from '../../src/config/settings.js';
import { formatAddress } from '../../src/config/address.js';

const folder = fileURLToPath(new URL('../../config', import.meta.url));
const examples = ['origin.yaml', 'region.yaml', 'branch.yaml'];

test('the schema that is shipped is that of the code; `npm run schema` writes it', async () => {
  expect(JSON.parse(await readFile(join(folder, 'depot.schema.json'), 'utf8'))).toEqual(configSchema());
});

test('an editor has a help text for every key', () => {
  const silent: string[] = [];
  const visit = (schema: JsonSchema, path: string): void => {
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      if (inner.description === undefined) silent.push(`${path}${key}`);
      visit(inner, `${path}${key}.`);
    }
    for (const inner of [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])]) {
      if (typeof inner === 'object') visit(inner, path);
    }
  };
  visit(configSchema(), '');
  expect(silent).toEqual([]);
});

test.each(examples)('%s loads, and editors find it good by the schema that it names', async (name) => {
  const file = join(folder, name);
  await expect(loadSettings(file)).resolves.toMatchObject({ file });
  const text = await readFile(file, 'utf8');
  const [, schemaFile = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
  const schema = JSON.parse(await readFile(join(dirname(file), schemaFile), 'utf8')) as Parameters<
    typeof z.fromJSONSchema
  >[0];
  expect(z.fromJSONSchema(schema).safeParse(parse(text)).error).toBeUndefined();
  expect(z.fromJSONSchema(schema).safeParse({ ...parse(text), dta: '/x' }).success).toBe(false);
});

test('the examples are one tree on one machine: each is the parent of the next, and none takes from another', async () => {
  const [origin, region, branch] = await Promise.all(examples.map((name) => loadSettings(join(folder, name))));
  if (origin === undefined || region === undefined || branch === undefined) throw new Error('an example is missing');
  expect(origin.parents).toEqual([]);
  expect(region.parents.map(({ url }) => url)).toEqual([formatAddress(origin.listen)]);
  expect(branch.parents.map(({ url }) => url)).toEqual([formatAddress(region.listen)]);
  expect(branch.site.startsWith(`${region.site}/`)).toBe(true);
  expect(region.site.startsWith(`${origin.site}/`)).toBe(true);
  for (const kind of ['depot', 'site', 'data'] as const) {
    expect(new Set([origin[kind], region[kind], branch[kind]]).size).toBe(3);
  }
  expect([origin.listen.port, region.listen.port, branch.listen.port]).toEqual([8441, 8442, 8443]);
});
