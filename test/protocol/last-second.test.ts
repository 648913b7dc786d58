import { expect, it } from 'vitest';
import { LastSecond } from '../../src/protocol/last-second.js';

it('holds no more than what passed within a second or two, though nobody asks for the sum', () => {
  const second = new LastSecond();
  for (let atMs = 0; atMs < 3_600_000; atMs += 300) {
    second.add(atMs, 900);
    second.add(atMs, -0);
  }
  expect(Reflect.get(second, 'entries')).toHaveProperty(
    'length',
    expect.toSatisfy((length: number) => length < 20),
  );
  expect(second.bytes(3_600_000 - 300)).toBe(4 * 900);
});
