import { noise } from './noise.js';

const functions = 400;

/** What looks like code: functions that call each other by addresses relative to the place of the call. */
export function code(grownBy: number): Uint8Array {
  const bodies = Array.from({ length: functions }, (_, k) => noise(60 + (k % 37), k + 1, 100));
  const grown = bodies.map((body, k) => (k % 50 === 7 ? Buffer.concat([noise(grownBy, k, 100), body]) : body));
  const starts: number[] = [];
  let length = 0;
  for (const body of grown) {
    starts.push(length);
    length += body.length + 5 * 8;
  }
  const bytes = Buffer.alloc(length);
  grown.forEach((body, k) => {
    let at = starts[k] ?? 0;
    bytes.set(body, at);
    at += body.length;
    for (let call = 0; call < 8; call++, at += 5) {
      const target = starts[(k * 31 + call * 97) % functions] ?? 0;
      bytes[at] = 0xe8;
      bytes.writeInt32LE(target - (at + 5), at + 1);
    }
  });
  return bytes;
}
