import { largeBytes } from '../model/encoding.js';
import type { PlacedTransfer } from '../store/transfers.js';

/** What travels in one request: several small objects, or one large one. */
export type Shipment = readonly PlacedTransfer[];

/** Small objects of one shipment: enough that a round trip costs little, so few that several are under way at once. */
const shipmentBytes = 4 * 1024 ** 2;
const shipmentObjects = 1_000;

/** Groups the rows of a plan, in their order: neighbours among the paths resemble each other, and so compress well. */
export function* shipments(rows: Iterable<PlacedTransfer>): Generator<Shipment> {
  let small: PlacedTransfer[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (row.size > largeBytes || row.raw) {
      yield [row];
      continue;
    }
    small.push(row);
    bytes += row.size;
    if (bytes < shipmentBytes && small.length < shipmentObjects) continue;
    yield small;
    small = [];
    bytes = 0;
  }
  if (small.length > 0) yield small;
}

/** What the objects of a shipment resemble, each once, as much of it as a shipment is. */
export function basesOf(shipment: Shipment): Set<PlacedTransfer['sha256']> {
  const bases = new Set<PlacedTransfer['sha256']>();
  let bytes = 0;
  for (const { base } of shipment) {
    if (base === null || base.size > largeBytes || bases.has(base.sha256)) continue;
    bytes += base.size;
    if (bytes > shipmentBytes) break;
    bases.add(base.sha256);
  }
  return bases;
}
