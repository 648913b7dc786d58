// Publishes SOURCE into DATA and kills itself at STEP: before or after one of the writes that make up a publish.
// Prints how many there are when it gets to the end.
import { realHost } from '../../dist/host.js';
import { MirrorPublisher } from '../../dist/publish/publisher.js';
import { inlineJobs } from '../../dist/store/job.js';
import { relist } from '../../dist/store/rebuild.js';
import { Store } from '../../dist/store/store.js';

const [, , data, source, step] = process.argv;
const store = Store.open(data);
const run = inlineJobs(store);
if (store.needsRelist) await run(relist, {});

let steps = 0;
const pass = () => {
  if (steps === Number(step)) process.kill(process.pid, 'SIGKILL');
  steps += 1;
};
for (const [owner, names] of [
  [store.objects, ['admit', 'enlist']],
  [store.sources, ['write', 'setObject', 'put']],
  [store.pages, ['write', 'flush']],
  [store.heads, ['put', 'enter', 'markComplete', 'markApplied']],
]) {
  for (const name of names) {
    const original = owner[name].bind(owner);
    owner[name] = (...given) => {
      pass();
      const result = original(...given);
      if (!(result instanceof Promise)) {
        pass();
        return result;
      }
      return result.then((value) => {
        pass();
        return value;
      });
    };
  }
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
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
  },
  { store, run, host: { ...realHost, now: () => Date.now() + 3_600_000 }, log: quiet },
);
await publisher.publish();
process.stdout.write(String(steps));
store.close();
