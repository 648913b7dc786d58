import { expect, it, onTestFinished } from 'vitest';
import { givenView } from '../../src/daemon/given-view.js';
import { directoryName } from '../../src/model/company.js';
import { authorityFolder } from '../../src/publish/authority-files.js';
import { Store } from '../../src/store/store.js';
import { temporaryFolder } from '../harness/temporary.js';

it('takes what is damaged for no folder that this user may not read', async () => {
  const store = Store.open(await temporaryFolder());
  onTestFinished(() => store.close());
  await store.keys.write(directoryName, 'targets.pem', 'a key');
  expect(givenView(store, 'enterprise')).toMatchObject({ directory: 'here', sites: ['enterprise'] });
  await store.keys.write(authorityFolder, 'issued.json', 'damaged');
  expect(() => givenView(store, 'enterprise')).toThrow('issued.json is damaged: it is cut short, or was altered');
});
