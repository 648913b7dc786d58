// Makes and releases the next revision of a package in DATA from WORK, or shows what is released (WHAT: commands, copies),
// and kills itself at STEP: before or after one of the writes of that. Prints how many there are when it gets to the end.
import { PackageCopies } from '../../src/store/package-copies.js';
import { desk } from './package-desk.js';

const [data = '', work = '', what = 'commands', step] = process.argv.slice(2);
const { store, publisher, show } = desk(data, work);

let steps = 0;
function pass(): void {
  if (steps === Number(step)) process.kill(process.pid, 'SIGKILL');
  steps += 1;
}

function interrupt<Owner extends object>(owner: Owner, names: readonly (keyof Owner)[]): void {
  for (const name of names) {
    const original = owner[name] as (...given: unknown[]) => unknown;
    function interrupted(this: unknown, ...given: unknown[]): unknown {
      pass();
      const result = original.apply(this, given);
      if (!(result instanceof Promise)) {
        pass();
        return result;
      }
      return result.then((value: unknown) => {
        pass();
        return value;
      });
    }
    Object.defineProperty(owner, name, { value: interrupted });
  }
}

if (what === 'commands') {
  interrupt(store.objects, ['admit', 'enlist']);
  interrupt(store.sources, ['write', 'setObject']);
  interrupt(store.pages, ['write', 'flush']);
  interrupt(store.heads, ['enter', 'markComplete']);
  interrupt(store.signed, ['keep']);
  interrupt(store.units, ['markWhole']);
  const quietly = { signal: new AbortController().signal, onProgress: () => undefined };
  await publisher.prepare('tool', null, quietly);
  await publisher.distribute('tool', null);
  await publisher.release('tool', { revision: null, ring: null, at: null });
} else {
  interrupt(PackageCopies.prototype, ['stage', 'switchTo', 'describe', 'removeRevision', 'remove', 'finish']);
  interrupt(store.trees, ['put']);
  await show();
}
process.stdout.write(String(steps));
store.close();
