import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PackageCopies } from '../../src/store/package-copies.js';
import { Store } from '../../src/store/store.js';
import { temporaryFolder } from '../harness/temporary.js';

it('lets everybody read what it makes, whatever the umask', async () => {
  const store = Store.open(join(await temporaryFolder(), 'data'));
  onTestFinished(() => store.close());
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  const copies = new PackageCopies(store, 'tools');
  copies.stage('vlc', 1, [{ type: 'folder', path: 'plugins' }])();
  copies.switchTo('vlc', 1);
  copies.describe('vlc', '{}');
  copies.finish();
  const modeOf = (path: string): string => (statSync(join(store.layout.tree('tools'), path)).mode & 0o777).toString(8);
  const folders = ['', 'vlc', 'vlc/1', 'vlc/1/plugins', 'vlc/current'];
  expect(folders.map(modeOf)).toEqual(folders.map(() => '755'));
  expect(modeOf('vlc/depot-package.json')).toBe('444');
});
