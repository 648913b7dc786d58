import pc from 'picocolors';
import { expect, test } from 'vitest';
import { packageName } from '../../src/cli/package-name.js';
import { prepareLines } from '../../src/cli/package-prepare.js';
import { unheardLines } from '../../src/cli/package-release.js';

test('a name with a revision is told how a revision is given', () => {
  expect(packageName('apps/vlc')).toEqual({ repository: 'apps', name: 'vlc' });
  const hint = expect.stringContaining('--revision NUMBER');
  expect(() => packageName('apps/vlc@3')).toThrow(expect.objectContaining({ code: 'bad-request', hint }));
});

test('a site at which no depot was heard of is asked about, one above them is not', () => {
  const heardOf = ['enterprise', 'enterprise/germany/munich'];
  expect(unheardLines(['enterprise/germany', 'enterprise/germany/munich'], heardOf)).toEqual([]);
  expect(unheardLines(['enterprise/germny', 'enterprise/germany/mun'], heardOf)).toEqual([
    'no depot at enterprise/germny or below was heard of yet: is that its name?',
    'no depot at enterprise/germany/mun or below was heard of yet: is that its name?',
  ]);
});

test('a work copy in which nothing is holds no name back', () => {
  const revision = { revision: null, change: null, generation: null } as const;
  const shown = {
    ...{ repository: 'apps', name: 'vlc', type: 'app', title: 'vlc', vendor: null, version: null, work: '/work/vlc' },
    ...{ compress: true, delta: true, keep: { releases: 2, days: 30 }, priority: 'normal' as const, targets: null },
    ...{ revisions: [], releases: [] },
  } as const;
  const linesOf = (...problems: { path: string; reason: string }[]): string[] => [
    ...prepareLines({ terminal: { colours: pc.createColors(false) } }, 'apps/vlc', {
      ...revision,
      package: shown,
      problems,
    }),
  ];
  const first = 'apps/vlc: no revision was made: 1 problem in /work/vlc';
  expect(linesOf({ path: '.', reason: 'there is no file in it' })).toEqual([first, '  there is no file in it']);
  expect(linesOf({ path: 'a:b', reason: 'has a :' })).toEqual([
    first,
    '! apps/vlc: 1 name held back',
    '  a:b  has a :',
  ]);
});
