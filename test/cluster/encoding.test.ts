import { expect, it } from 'vitest';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { differences, tree } from '../harness/tree.js';
import { mirror, pollAll, publish, sites, startPair } from './chain.js';
import { lineBetween } from './line.js';

/** Text that shrinks to a fifth, and is large enough to travel by itself. */
const text = (seed: number): string =>
  Buffer.from(noise(120_000, seed, 120_000))
    .toString('hex')
    .repeat(5);

it('makes nothing on demand where the settings say so, and the depots below take what there is; a reload changes that', async () => {
  const depots: Depot[] = [];
  const [child, parent] = [0, 1].map((at) => () => depots[at] ?? expect.fail());
  const line = await lineBetween(child ?? expect.fail, parent ?? expect.fail);
  const { region, origin, source } = await startPair({ large: text(1) }, { region: { parent: line.url } });
  depots.push(region, origin);
  const forms = (): string[] => {
    const names = line.passed('/objects/').filter(({ status }) => status === 200);
    return names.map(({ path }) => (path.endsWith('.zst') ? 'zstd' : path.includes('.from.') ? 'delta' : 'raw'));
  };
  const change = async (to: string, cpu: string): Promise<string[]> => {
    // Deltas are not made when it is published, but when they are asked for.
    const repositories = { tools: { ...mirror(source, sites.origin), 'delta-generations': 0 } };
    await origin.configure({ repositories, encoding: { 'on-demand': { cpu } } });
    await origin.cli('reload');
    await tree(source, { large: to });
    await publish(origin);
    line.forget();
    await pollAll(region);
    expect(await differences(source, region.tree('tools'))).toBe('');
    return forms();
  };
  await pollAll(region);
  expect(await change(`new ${text(1)}`, '0%')).toEqual(['zstd']);
  expect(await change(`newer ${text(1)}`, '25%')).toEqual(['delta']);
});
