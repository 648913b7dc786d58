import { largeBytes } from '../model/encoding.js';
import type { Sha256 } from '../model/sha256.js';
import type { Shipment, WantedObject } from '../store/transfers.js';

/** Small objects of one shipment: enough that a round trip costs little, so few that several are under way at once. */
const shipmentBytes = 4 * 1024 ** 2;
const shipmentObjects = 1_000;

/** Groups what a plan fetches, in its order: neighbours among the paths resemble each other, and so compress well. */
export function* shipments(objects: Iterable<WantedObject>): Generator<Shipment> {
  let small: WantedObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    if (object.size > largeBytes) {
      yield [object];
      continue;
    }
    small.push(object);
    bytes += object.size;
    if (bytes < shipmentBytes && small.length < shipmentObjects) continue;
    yield small;
    small = [];
    bytes = 0;
  }
  if (small.length > 0) yield small;
}

/** What the objects of a shipment resemble, each once, as much of it as a shipment is. */
export function basesOf(shipment: Shipment): Set<Sha256> {
  const bases = new Set<Sha256>();
  let bytes = 0;
  for (const { base } of shipment) {
    if (base === null || base.size > largeBytes || bases.has(base.sha256)) continue;
    bytes += base.size;
    if (bytes > shipmentBytes) break;
    bases.add(base.sha256);
  }
  return bases;
}
