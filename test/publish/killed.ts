// Publishes SOURCE into DATA and kills itself at STEP: before or after one of the writes that make up a publish.
// Prints how many there are when it gets to the end.
import { realHost } from '../../src/host.js';
import { MirrorPublisher } from '../../src/publish/publisher.js';
import { inlineJobs } from '../../src/store/job.js';
import { relist } from '../../src/store/rebuild.js';
import { Store } from '../../src/store/store.js';
import { travelFreely } from '../../src/model/travel.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { interrupt } from './interrupt.js';

const [data = '', source = '', step] = process.argv.slice(2);
const store = Store.open(data);
const run = inlineJobs(store);
if (store.needsRelist) await run(relist, {});

let steps = 0;
function pass(): void {
  if (steps === Number(step)) process.kill(process.pid, 'SIGKILL');
  steps += 1;
}

interrupt(store.objects, ['admit', 'enlist'], pass);
interrupt(store.sources, ['write', 'setObject', 'put'], pass);
interrupt(store.pages, ['write', 'flush'], pass);
interrupt(store.heads, ['put', 'enter', 'markComplete'], pass);
interrupt(store.signed, ['pin', 'keep'], pass);
interrupt(store.keys, ['write'], pass);

const ignore = (): void => undefined;
const publisher = new MirrorPublisher(
  {
    repository: 'tools',
    context: 'enterprise',
    source,
    settleMs: 1000,
    exclude: [],
    names: 'portable',
    watchLimit: 0,
    rescanMs: 60_000,
    encodeWaitMs: 60_000,
    deltaGenerations: 3,
    travel: travelFreely,
  },
  {
    store,
    run,
    host: { ...realHost, now: () => Date.now() + 3_600_000 },
    lifetimes: () => usualLifetimes,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  },
);
await publisher.publish();
process.stdout.write(String(steps));
store.close();
