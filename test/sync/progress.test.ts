import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ProgressBoard } from '../../src/sync/progress.js';
import { scriptedHost } from '../daemon/scripted-host.js';

/** What happens to an object on its way, before it is here. */
const anyEvent = fc.record({
  what: fc.constantFrom('arrived', 'lost', 'begun again'),
  bytes: fc.nat(2_000),
});
const anyObjects = fc.array(fc.record({ bytes: fc.nat(1_000), events: fc.array(anyEvent, { maxLength: 8 }) }), {
  minLength: 1,
  maxLength: 10,
});

it('ends at what was planned, whatever was cut, lost, begun again, or came in another form', () => {
  fc.assert(
    fc.property(anyObjects, (objects) => {
      const board = new ProgressBoard(scriptedHost());
      const meter = board.begin('tools');
      const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
      meter.expect({ files: objects.length, bytes: 7 * bytes }, { bytes, exact: true });
      let arrived = 0;
      for (const [at, object] of objects.entries()) {
        let share = meter.share(object.bytes, `${at}`);
        for (const event of object.events) {
          if (event.what === 'begun again') share = meter.share(Math.min(event.bytes, object.bytes), `${at}`);
          else if (event.what === 'lost') share.lost(event.bytes);
          else {
            share.arrived(event.bytes);
            arrived += event.bytes;
          }
          const wire = board.read('tools')?.wire;
          expect(wire?.done).toBeGreaterThanOrEqual(0);
          expect(wire?.done).toBeLessThanOrEqual(bytes);
        }
        share.ended();
        meter.finished();
      }
      expect(meter.arrivedBytes).toBe(arrived);
      expect(board.read('tools')).toMatchObject({
        files: { done: objects.length },
        bytes: { done: 7 * bytes, total: 7 * bytes },
        wire: { done: bytes, total: bytes },
      });
    }),
  );
});

it('foretells the rest by what it expected of what came, and tells the speed of the line', async () => {
  const host = scriptedHost();
  const board = new ProgressBoard(host);
  const meter = board.begin('tools');
  meter.expect({ files: 4, bytes: 4_000 }, { bytes: 4_000, exact: false });
  meter.phase('fetch');
  const share = meter.share(1_000);
  share.arrived(100);
  share.ended();
  await host.advance(1_000);
  expect(board.read('tools')).toMatchObject({
    bytesPerSecond: 100,
    etaSeconds: 3,
    wire: { done: 1_000, exact: false },
  });
});

it('foretells nothing while all that came was lost again', async () => {
  const host = scriptedHost();
  const board = new ProgressBoard(host);
  const meter = board.begin('tools');
  meter.expect({ files: 1, bytes: 4_000_000 }, { bytes: 4_000_000, exact: true });
  meter.phase('fetch');
  const share = meter.share(4_000_000);
  share.arrived(1_000_000);
  await host.advance(1_000);
  expect(board.read('tools')?.etaSeconds).toBe(3);
  share.lost(1_000_000);
  expect(board.read('tools')).toMatchObject({ bytesPerSecond: 1_000_000, etaSeconds: null });
});

it('foretells nothing while nothing comes, and says for how long', async () => {
  const host = scriptedHost();
  const board = new ProgressBoard(host);
  const meter = board.begin('tools');
  meter.expect({ files: 1, bytes: 4_000 }, { bytes: 4_000, exact: true });
  meter.phase('fetch');
  const share = meter.share(4_000);
  await host.advance(2_000);
  share.arrived(1_000);
  expect(board.read('tools')).toMatchObject({ bytesPerSecond: 500, etaSeconds: 6 });
  expect(board.read('tools')).not.toHaveProperty('quietSeconds');
  await host.advance(75_000);
  expect(board.read('tools')).toMatchObject({ bytesPerSecond: 0, etaSeconds: null, quietSeconds: 75 });
  share.arrived(1_000);
  expect(board.read('tools')?.etaSeconds).toBeGreaterThan(0);
});
