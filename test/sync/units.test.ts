import fc from 'fast-check';
import { expect, it } from 'vitest';
import { priorities, rankOf } from '../../src/model/priority.js';
import { sha256 } from '../../src/model/sha256.js';
import { unitName } from '../../src/model/units.js';
import { batchesOf, type PlannedUnit } from '../../src/sync/units.js';

const unit: fc.Arbitrary<PlannedUnit> = fc.record({
  package: fc.constantFrom('vlc', 'firefox', 'image', 'tool'),
  revision: fc.integer({ min: 1, max: 9 }),
  manifest: fc.constant(sha256('content')),
  files: fc.constant(1),
  bytes: fc.constantFrom(1_000, 50_000_000, 5_000_000_000),
  compress: fc.constant(true),
  delta: fc.constant(true),
  priority: fc.constantFrom(...priorities),
  base: fc.constant(null),
  relay: fc.constant(false),
  urgent: fc.boolean(),
});
/** As a survey gives them: each once, and one priority a package. */
const units = fc
  .uniqueArray(unit, { selector: unitName, maxLength: 20 })
  .map((all) =>
    all
      .map((each) => ({ ...each, priority: all.find((other) => other.package === each.package)?.priority ?? 'normal' }))
      .sort((a, b) => a.revision - b.revision),
  );

it('fetches what urgent releases need first, then by priority, each unit once and after the one it is a difference to', () => {
  fc.assert(
    fc.property(units, fc.array(fc.constantFrom<string>('vlc/1', 'tool/2', 'image/3')), (left, absent) => {
      const batches = batchesOf(left, absent);
      const flat = batches.flat();
      expect(flat.map(unitName).sort()).toEqual(
        left
          .map(unitName)
          .filter((name) => !absent.includes(name))
          .sort(),
      );
      const ranks = flat.map((each) => rankOf('normal', each));
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      for (const batch of batches) expect(new Set(batch.map((each) => rankOf('normal', each))).size).toBe(1);
      for (const [at, batch] of batches.entries()) {
        for (const each of batch) {
          const later = batches.slice(at).flat();
          const isBefore = later.some(
            (other) => other.package === each.package && other.urgent === each.urgent && other.revision < each.revision,
          );
          expect(isBefore).toBe(false);
        }
      }
    }),
  );
});
