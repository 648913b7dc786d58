import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { realHost } from '../../src/host.js';
import { answers } from '../harness/daemon.js';
import { daemonsInside } from '../harness/inside.js';
import { freePort } from '../harness/port.js';
import { temporaryFolder } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';

it('leaves no door open and nothing running where it is stopped in the middle of a reload', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'depot.yaml');
  const source = join(folder, 'source');
  await tree(source, { a: 'a' });
  const settings = { depot: 'origin', site: 'enterprise', data: join(folder, 'data') };
  const url = async (): Promise<string> => `http://127.0.0.1:${await freePort()}`;
  await writeFile(file, stringify({ ...settings, listen: await url() }));
  const daemon = await (await daemonsInside(realHost))(file);

  const elsewhere = await url();
  await writeFile(
    file,
    stringify({
      ...settings,
      listen: elsewhere,
      repositories: { tools: { kind: 'mirror', source, context: 'enterprise' } },
    }),
  );
  const reload = daemon.reload();
  await daemon.stop();
  // It came to its end before, or was not begun.
  await reload.catch((error: unknown) => expect(error).toMatchObject({ code: 'interrupted' }));
  expect(await answers(elsewhere)).toBe(false);
  await expect(daemon.reload()).rejects.toMatchObject({ code: 'interrupted' });
});
