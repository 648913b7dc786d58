import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { configCommand } from '../../src/cli/config-check.js';
import { windowsCommand } from '../../src/cli/windows.js';
import { realHost } from '../../src/host.js';
import { temporaryFolder } from '../harness/temporary.js';
import { runCommand } from './run-command.js';

async function fileOf(network: string): Promise<string> {
  const file = join(await temporaryFolder(), 'depot.yaml');
  await writeFile(
    file,
    `depot: a\nsite: e\ndata: /nowhere/depot\nparent: https://b.example.com:8443\nnetwork: ${network}\n`,
  );
  return file;
}

const night =
  '{ timezone: Europe/Berlin, windows: [{ days: mon-sat, from: "20:00", to: "06:00", rate: 20Mbit/s }], otherwise: closed }';

test('shows the next 14 days, what can come in each, and when the clock is changed', async () => {
  vi.spyOn(realHost, 'now').mockReturnValue(Date.parse('2026-10-23T10:00:00Z'));
  const { stdout } = await runCommand(windowsCommand, ['--config', await fileOf(night), 'windows']);
  const lines = stdout.split('\n');
  expect(lines.slice(0, 13).join('\n')).toBe(`times of Europe/Berlin

DAY             FROM   TO     RATE      CAPACITY
Fri 2026-10-23  12:00  20:00  closed           -
                20:00  24:00  20Mbit/s    34 GiB
Sat 2026-10-24  00:00  06:00  20Mbit/s    50 GiB
                06:00  20:00  closed           -
                20:00  24:00  20Mbit/s    34 GiB
Sun 2026-10-25  00:00  06:00  20Mbit/s    59 GiB  the clock is changed: this day has 25 h
                06:00  24:00  closed           -
Mon 2026-10-26  00:00  20:00  closed           -
                20:00  24:00  20Mbit/s    34 GiB
Tue 2026-10-27  00:00  06:00  20Mbit/s    50 GiB`);
  const { stdout: json } = await runCommand(windowsCommand, ['--json', '--config', await fileOf(night), 'windows']);
  const { days } = JSON.parse(json) as { days: { bytes: number }[] };
  expect(days).toHaveLength(14);
  expect(days[2]).toMatchObject({ date: '2026-10-25', extraMinutes: 60, bytes: 7 * 3600 * 2_500_000 });
});

test('says what the line is, and warns of a window that never counts', async () => {
  const file = await fileOf(
    '{ timezone: Europe/Berlin, windows: [{ rate: 1Mbit/s }, { days: sun, rate: closed }], otherwise: unlimited }',
  );
  const { stdout, stderr } = await runCommand(configCommand, ['config', 'check', file]);
  expect(stdout).toContain('\nline       unlimited, 2 windows in Europe/Berlin (depot windows)\n');
  expect(stderr).toContain('network.windows[1]: this window never counts: earlier windows hold whenever this one does');
});
