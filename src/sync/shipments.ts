import { largeBytes } from '../model/encoding.js';
import type { Sha256 } from '../model/sha256.js';
import type { Shipment, WantedObject } from '../store/transfers.js';

/** Small objects of one shipment: enough that a round trip costs little, so few that several are under way at once. */
const shipmentBytes = 4 * 1024 ** 2;
const shipmentObjects = 1_000;

/**
 * Groups what a plan fetches, in its order: neighbours among the paths resemble each other, and so compress well. What travels
 * as it is does not travel with what is compressed.
 */
export function* shipments(objects: Iterable<WantedObject>): Generator<Shipment> {
  const groups = { raw: new Group(), bundled: new Group() };
  for (const object of objects) {
    if (object.size > largeBytes) {
      yield [object];
      continue;
    }
    const group = object.form === 'any' ? groups.bundled : groups.raw;
    group.add(object);
    if (group.isFull) yield group.take();
  }
  for (const group of Object.values(groups)) if (!group.isEmpty) yield group.take();
}

class Group {
  private objects: WantedObject[] = [];
  private bytes = 0;

  add(object: WantedObject): void {
    this.objects.push(object);
    this.bytes += object.size;
  }

  get isEmpty(): boolean {
    return this.objects.length === 0;
  }

  get isFull(): boolean {
    return this.bytes >= shipmentBytes || this.objects.length >= shipmentObjects;
  }

  take(): Shipment {
    const taken = this.objects;
    this.objects = [];
    this.bytes = 0;
    return taken;
  }
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
