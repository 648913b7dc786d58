import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../harness/temporary.js';
import { project } from './planted.js';

const run = promisify(execFile);

it('the packed package, installed globally, gives working commands and brings units and examples', async () => {
  const folder = await temporaryFolder();
  const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as { version: string };
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: project });
  await run('npm', ['install', '--global', '--prefix', folder, join(folder, `depotd-${version}.tgz`)], { cwd: folder });

  const depot = join(folder, 'bin/depot');
  expect((await run(depot, ['version'])).stdout).toContain(version);
  await expect(run(join(folder, 'bin/depotd'), ['--config', join(folder, 'none.yaml')])).rejects.toMatchObject({
    code: 4,
  });
  const installed = join(folder, 'lib/node_modules/depotd');
  for (const example of ['origin', 'region', 'branch']) {
    const check = await run(depot, [
      'config',
      'check',
      '--json',
      '--config',
      join(installed, `config/${example}.yaml`),
    ]);
    expect(JSON.parse(check.stdout), example).toBeTypeOf('object');
  }
  expect(await readFile(join(installed, 'systemd/depotd.service'), 'utf8')).toContain('ExecStart=depotd ');
});
