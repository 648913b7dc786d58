import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bounded } from '../../src/config/bounded.js';
import { parseSettings, type Settings } from '../../src/config/settings.js';
import { OwnLine } from '../../src/daemon/own-line.js';
import { givenTo } from '../../src/model/site-settings.js';
import { temporaryFolder } from '../harness/temporary.js';
import { scriptedHost, type ScriptedHost } from './scripted-host.js';

const hour = 3_600_000;
const midnight = Date.UTC(2026, 0, 1);
const at = (hours: number): string => new Date(midnight + hours * hour).toISOString();

const branch = 'depot: b\nsite: enterprise/b\nnetwork:\n  timezone: Etc/UTC\n';

/** What the file comes to, where the directory sets this for the company. */
function inForce(file: string, given: string): Settings['network'] {
  const { sites } = parseSettings(`depot: o\nsite: enterprise\nsites: { enterprise: { network: ${given} } }\n`, 'o');
  return bounded(parseSettings(branch + file, 'b'), givenTo('enterprise/b', sites ?? [], 1)).network;
}

async function lineOf(network: Settings['network']): Promise<{ own: OwnLine; host: ScriptedHost }> {
  const host = scriptedHost();
  const own = new OwnLine(host, network, join(await temporaryFolder(), '.line.json'));
  onTestFinished(() => own.stop());
  return { own, host };
}

/** The company closes it from 8 to 18; at night the depot has its own rate. */
const night = '{ windows: [{ from: "08:00", to: "18:00", rate: closed }], otherwise: 1Mbit/s }';

describe('the line of a depot', () => {
  it('is at every moment the stricter of its own windows and those of the directory', async () => {
    const network = inForce(
      '  windows: [{ from: "00:00", to: "06:00", rate: 8kbit/s }]\n  otherwise: unlimited\n',
      night,
    );
    const { own, host } = await lineOf(network);
    expect(own.status()).toMatchObject({ rate: 1000, limited: false, until: at(6), opensAt: null });
    await host.advance(7 * hour);
    expect(own.status()).toMatchObject({ rate: 125_000, limited: true, until: at(8) });
    await host.advance(2 * hour);
    expect(own.status()).toMatchObject({ rate: 'closed', limited: true, until: at(18), opensAt: at(18) });
  });

  it('is not opened by hand where the directory closes it, nor made faster', async () => {
    const { own, host } = await lineOf(inForce('  otherwise: 8kbit/s\n', night));
    await own.command({ rate: 'unlimited', untilMs: midnight + 20 * hour });
    expect(own.status()).toMatchObject({ rate: 125_000, ordered: true, limited: true, until: at(8) });
    await host.advance(9 * hour);
    expect(own.status()).toMatchObject({ rate: 'closed', ordered: true, opensAt: at(18) });
    expect(() => own.line.requireOpen('tools')).toThrow('waits for the window: it opens 18:00');
    await host.advance(10 * hour);
    expect(own.status()).toMatchObject({ rate: 125_000, ordered: true, until: at(20) });
    await host.advance(hour);
    expect(own.status()).toMatchObject({ rate: 1000, ordered: false, limited: false });
  });

  it('that was closed by hand opens again when both say so', async () => {
    const { own } = await lineOf(inForce('  otherwise: 8kbit/s\n', night));
    await own.command({ rate: 'closed', untilMs: midnight + 9 * hour });
    expect(own.status()).toMatchObject({
      ...{ rate: 'closed', limited: false, until: at(9), opensAt: at(18) },
      orderedUntil: at(9),
    });
    await own.command({ rate: 'closed', untilMs: null });
    expect(own.status()).toMatchObject({ rate: 'closed', until: null, opensAt: null });
    expect(own.status()).not.toHaveProperty('orderedUntil');
    await own.command(null);
    expect(own.status()).toMatchObject({ rate: 1000, ordered: false, until: at(8) });
  });

  it('tells those that wait when other settings open it, and comes in frames as soon as anything limits it', async () => {
    const { own, host } = await lineOf(inForce('  frame: 64KiB\n', '{ otherwise: closed }'));
    const opened: boolean[] = [];
    void own.watch(
      (isByHand) => void opened.push(isByHand),
      () => undefined,
    );
    await host.advance(0);
    expect(own.line.isFramed).toBe(true);
    expect(own.status()).toMatchObject({ rate: 'closed', opensAt: null });
    own.configure(parseSettings(`${branch}  frame: 64KiB\n`, 'b').network);
    await host.advance(0);
    expect(opened).toEqual([true]);
    expect(own.line.isFramed).toBe(false);
    expect(own.status()).toMatchObject({ rate: 'unlimited', limited: false });
  });
});
