import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { temporaryFolder } from '../harness/temporary.js';
import { startMachine, type Machine } from './machine.js';

const yaml = `depot: origin
site: enterprise
listen: http://127.0.0.1:18443
data: /var/lib/depotd
repositories:
  tools: { kind: mirror, context: enterprise, source: /srv/tools }
`;
const watchdog = '[Service]\nWatchdogSec=3s\nRestartSec=100ms\n';

let machine: Machine;
const folder = await temporaryFolder(afterAll);

beforeAll(async () => {
  machine = await startMachine(folder, {
    'etc/depotd/depot.yaml': yaml,
    'srv/tools/a.txt': 'text\n',
    'etc/systemd/system/depotd.service.d/watchdog.conf': watchdog,
  });
});
afterAll(() => machine.end());

describe('under a running systemd, depotd', () => {
  it('is started when it is ready, and tells its state in the status line', async () => {
    expect(await machine.run('systemctl', 'start', 'depotd')).toEqual({ code: 0, output: '' });
    expect(await machine.service('ActiveState')).toBe('active');
    expect(await machine.service('StatusText')).not.toBe('');
  });

  it('publishes a source that it may only read, as a user of its own', async () => {
    expect(await machine.run('depot', 'publish', 'tools', '--wait')).toMatchObject({ code: 0 });
    const pid = await machine.service('MainPID');
    expect((await machine.run('stat', '-c', '%U', `/proc/${pid}`)).output).toBe('depotd\n');
    expect((await machine.run('stat', '-c', '%U %a', '/var/lib/depotd/state.db')).output).toMatch(/^depotd /);
  });

  it('answers commands of its group on the socket below /run, and not those of others', async () => {
    const socket = (await machine.run('stat', '-c', '%G %a', '/run/depotd/control.sock')).output;
    expect(socket).toBe('depotd 660\n');
    const as = (group: string) =>
      machine.run('setpriv', '--reuid=nobody', `--regid=${group}`, '--clear-groups', 'depot', 'status');
    expect(await as('depotd')).toMatchObject({ code: 0 });
    expect((await as('nogroup')).code).not.toBe(0);
  });

  it('reloads without a restart', async () => {
    const pid = await machine.service('MainPID');
    expect(await machine.run('systemctl', 'reload', 'depotd')).toEqual({ code: 0, output: '' });
    expect(await machine.service('MainPID')).toBe(pid);
    expect(await machine.service('ActiveState')).toBe('active');
  });

  it('keeps the watchdog quiet while it works, and is restarted when it stands still', async () => {
    const pid = await machine.service('MainPID');
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(await machine.service('MainPID')).toBe(pid);
    await machine.run('kill', '-STOP', pid);
    await expect.poll(() => machine.service('NRestarts'), { timeout: 20_000 }).toBe('1');
    await expect.poll(() => machine.service('ActiveState'), { timeout: 20_000 }).toBe('active');
    expect(await machine.service('MainPID')).not.toBe(pid);
  });

  it('ends in order on stop', async () => {
    expect(await machine.run('systemctl', 'stop', 'depotd')).toEqual({ code: 0, output: '' });
    expect(await machine.service('Result')).toBe('success');
    expect(await machine.service('ExecMainStatus')).toBe('0');
  });

  it('binds port 443 with the drop-in, and not without', async () => {
    const dropIns = '/etc/systemd/system/depotd.service.d';
    await machine.run('sed', '-i', 's/:18443/:443/', '/etc/depotd/depot.yaml');
    expect((await machine.run('systemctl', 'start', 'depotd')).code).not.toBe(0);
    await machine.run('systemctl', 'stop', 'depotd');
    expect(await machine.journal()).toContain(`status=${exitCodes.listenFailed.code}/`);

    await machine.run('cp', '/opt/depotd/systemd/depotd.service.d/port-443.conf', dropIns);
    await machine.run('systemctl', 'daemon-reload');
    expect(await machine.run('systemctl', 'start', 'depotd')).toEqual({ code: 0, output: '' });
    expect((await machine.run('depot', 'status')).output).toContain('127.0.0.1:443');
    await machine.run('systemctl', 'stop', 'depotd');
  });

  it('is left alone when its configuration is wrong, with the problem in the journal', async () => {
    await machine.run('sed', '-i', 's/^site:.*/site: 42/', '/etc/depotd/depot.yaml');
    expect((await machine.run('systemctl', 'start', 'depotd')).code).not.toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await machine.service('ActiveState')).toBe('failed');
    expect(await machine.service('ExecMainStatus')).toBe(String(exitCodes.configuration.code));
    expect(await machine.journal()).toContain('depot.yaml:2');
  });
});
