import { expect, test } from 'vitest';
import { describeChange } from '../../src/config/changes.js';
import { parseSettings } from '../../src/config/settings.js';

const base = `depot: a
site: e/f
parent: http://127.0.0.1:8441
poll: { repositories: { drivers: 5m } }
repositories:
  tools: { kind: mirror, context: e, source: /srv/tools }
`;

function change(after: (text: string) => string) {
  return describeChange(parseSettings(base, 'f'), parseSettings(after(base), 'f'));
}

test('the same settings in other words are no change', () => {
  const same = (text: string) =>
    `${text.replace('http://127.0.0.1:8441', '[{ url: http://127.0.0.1:8441/ }]')}log: info\n`;
  expect(change(same)).toEqual({ changed: [], needsRestart: [] });
});

test('changes are named by the keys of the file', () => {
  const after = (text: string) =>
    text
      .replace('drivers: 5m', 'drivers: 6m, office: 1h')
      .replace('/srv/tools', '/srv/other, settle: 1m')
      .concat('listen: http://127.0.0.1:9000\ndeletions: { hold-above: { files: 7 } }\n');
  expect(change(after)).toEqual({
    changed: [
      'listen',
      'poll.repositories.drivers',
      'poll.repositories.office',
      'repositories.tools.source',
      'repositories.tools.settle',
      'deletions.hold-above.files',
    ],
    needsRestart: [],
  });
});

test('a repository that comes or goes is one change', () => {
  const renamed = change((text) => text.replace('  tools:', '  other:'));
  expect(renamed.changed).toEqual(['repositories.tools', 'repositories.other']);
});

test('a depot that loses its parent follows nothing any more', () => {
  const orphan = change((text) => text.replace(/parent:.*\n/, ''));
  expect(orphan.changed).toEqual(['parent', 'follow']);
});

test('name, site and data directory need a restart', () => {
  const moved = change((text) => text.replace('depot: a', 'depot: b\ndata: /d').replace('site: e/f', 'site: e/g'));
  expect(moved.needsRestart).toEqual(['depot', 'site', 'data']);
});
