import type { DepotError } from '../model/errors.js';
import type { Fetching } from './fetching.js';
import { patiently } from './patience.js';
import { receivePart } from './receive.js';
import type { PlannedShipment, Shipment, WantedObject } from '../store/transfers.js';
import { basesOf } from './shipments.js';
import { unpackObjects } from './unpack-job.js';

/** Names of scratch files; one process writes them. */
let received = 0;

/**
 * Small objects as one bundle. What came before a cut is kept, and only the rest is asked for again.
 * @returns what it did not bring: the parent makes none, or did not have all
 */
export async function shipBundle(
  fetching: Fetching,
  { id, objects }: Pick<PlannedShipment, 'id' | 'objects'>,
): Promise<Shipment> {
  const { depot, signal } = fetching;
  const notBrought: WantedObject[] = [];
  for (let left = objects; left.length > 0;) {
    const asked = atOnce(left, depot.line.bundleBytes(fetching.repository));
    let missing = asked;
    await patiently(depot.host, signal, async () => {
      const { kept, cut } = await takeBundle(fetching, id, missing);
      missing = missing.filter(({ sha256 }) => !kept.has(sha256));
      if (cut !== undefined) throw cut;
    });
    notBrought.push(...missing);
    left = left.slice(asked.length);
    if (!fetching.makesBundles) return [...notBrought, ...left];
  }
  return notBrought;
}

/** The first of them, as much as the line allows in one request; one at least. */
function atOnce(objects: Shipment, mostBytes: number): Shipment {
  let bytes = 0;
  const end = objects.findIndex(({ size }, at) => (bytes += size) > mostBytes && at > 0);
  return end < 0 ? objects : objects.slice(0, end);
}

async function takeBundle(
  fetching: Fetching,
  shipment: number,
  wanted: Shipment,
): Promise<{ readonly kept: ReadonlySet<string>; readonly cut: DepotError | undefined }> {
  const { depot, parent, repository, meter, signal } = fetching;
  const { store } = depot;
  const basesWanted = [...basesOf(wanted)];
  const basesMissing = store.objects.missing(basesWanted);
  const bases = basesWanted.filter((base) => !basesMissing.has(base));
  const names = wanted.map(({ sha256 }) => sha256);
  const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
  const answer = await parent.client.bundle(repository, names, bases, bytes, signal);
  if (answer === undefined) {
    fetching.makesBundles = false;
    return { kept: new Set(), cut: undefined };
  }
  const file = store.layout.scratchFile(`bundle-${(received += 1)}`);
  const share = meter.share(bytes);
  const keptNames = new Set<string>();
  let cut: DepotError | undefined;
  let fault: string | null;
  try {
    cut = await receivePart(answer, file, share.arrived);
    const made = { shipment, file, wanted, bases: answer.isOnBases ? bases : [] };
    // Not to be aborted: what came is kept, also when the daemon is to stop.
    const unpacked = await fetching.alone(() => depot.run(unpackObjects, made));
    for (const name of unpacked.kept) keptNames.add(name);
    ({ fault } = unpacked);
  } finally {
    const kept = wanted.filter(({ sha256 }) => keptNames.has(sha256));
    share.ended(kept.reduce((sum, { size }) => sum + size, 0));
    for (const _ of kept) meter.finished();
  }
  if (fault !== null && cut === undefined) {
    depot.log.info({ repository, parent: parent.url }, `${fault}; asking for what is left one by one`);
  }
  return { kept: keptNames, cut };
}
