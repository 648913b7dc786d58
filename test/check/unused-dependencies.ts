import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinModules } from 'node:module';
import ts from 'typescript';
import type { Finding } from './unused-exports.js';

interface PackageFile {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Dependencies that no file below `src` or `bin` imports, and devDependencies that neither a script, nor a file below
 * `test`, nor the build, nor the configuration of a tool names. Types count as used with the package that they describe.
 *
 * @param root the folder of package.json
 */
export function unusedDependencies(root: string): Finding[] {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  const { scripts = {}, dependencies = {}, devDependencies = {} } = JSON.parse(text) as PackageFile;
  const shipped = new Set(sources(root, ['src', 'bin']).flatMap(importedPackages));
  const tools = [
    ...Object.values(scripts),
    ...sources(root, ['test']).map(read),
    ...ts.sys.readDirectory(join(root, 'src'), ['.js']).map(read), // the build
    ...ts.sys.readDirectory(root, ['.js', '.cjs', '.mjs', '.json'], [], ['*']).filter(isConfiguration).map(read),
  ].join('\n');
  const describes = (name: string): boolean => name in dependencies || name in devDependencies || name === 'node';

  const finding = (name: string, why: string): Finding => ({
    key: `package.json ${name}`,
    line: text.slice(0, text.indexOf(`"${name}"`)).split('\n').length,
    why,
  });
  return [
    ...Object.keys(dependencies)
      .filter((name) => !shipped.has(name))
      .map((name) => finding(name, 'no file below src or bin imports it')),
    ...Object.keys(devDependencies)
      .filter((name) => (name.startsWith('@types/') ? !describes(described(name)) : !names(tools, name)))
      .map((name) => finding(name, 'neither a script, a test nor the configuration of a tool names it')),
  ];
}

function sources(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) => ts.sys.readDirectory(join(root, folder), ['.ts', '.js', '.json']));
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

function importedPackages(path: string): string[] {
  return ts
    .preProcessFile(read(path))
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !builtinModules.includes(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

/** The lists of what is installed name everything. */
function isConfiguration(path: string): boolean {
  return !/[/]package(-lock)?[.]json$/.test(path);
}

function described(types: string): string {
  const name = types.slice('@types/'.length);
  return name.includes('__') ? `@${name.replace('__', '/')}` : name;
}

function names(text: string, name: string): boolean {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^\\w-])${literal}([^\\w-]|$)`, 'm').test(text);
}
