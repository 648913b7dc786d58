// Makes and releases the next revision of a package in DATA from WORK, or shows what is released (WHAT: commands, copies),
// and kills itself at STEP: before or after one of the writes of that. Prints how many there are when it gets to the end.
import { PackageCopies } from '../../src/store/package-copies.js';
import { interrupt } from './interrupt.js';
import { desk } from './package-desk.js';

const [data = '', work = '', what = 'commands', step] = process.argv.slice(2);
const { store, publisher, show } = desk(data, work);

let steps = 0;
function pass(): void {
  if (steps === Number(step)) process.kill(process.pid, 'SIGKILL');
  steps += 1;
}

if (what === 'commands') {
  interrupt(store.objects, ['admit', 'enlist'], pass);
  interrupt(store.sources, ['write', 'setObject'], pass);
  interrupt(store.pages, ['write', 'flush'], pass);
  interrupt(store.heads, ['enter', 'markComplete'], pass);
  interrupt(store.signed, ['keep'], pass);
  interrupt(store.units, ['markWhole'], pass);
  const quietly = { signal: new AbortController().signal, onProgress: () => undefined };
  await publisher.prepare('tool', { note: null, version: null, dryRun: false }, quietly);
  await publisher.distribute('tool', null);
  await publisher.release('tool', { revision: null, ring: null, at: null });
} else {
  interrupt(PackageCopies.prototype, ['stage', 'switchTo', 'describe', 'removeRevision', 'remove', 'finish'], pass);
  interrupt(store.trees, ['put'], pass);
  await show();
}
process.stdout.write(String(steps));
store.close();
