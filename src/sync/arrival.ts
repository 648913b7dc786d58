/** Whether more comes, all has come, or what is there will not go on. */
type State = 'coming' | 'whole' | 'ended';
const states: readonly State[] = ['coming', 'whole', 'ended'];

/** A file that is being received, as the thread that writes it and another one that reads it meanwhile share it. */
export class Arrival {
  /** How often something came, and the state. */
  private readonly words: Int32Array;

  constructor(readonly shared = new SharedArrayBuffer(8)) {
    this.words = new Int32Array(shared);
  }

  /** More may be in the file now. */
  came(): void {
    Atomics.add(this.words, 0, 1);
    Atomics.notify(this.words, 0);
  }

  end(state: 'whole' | 'ended'): void {
    Atomics.store(this.words, 1, states.indexOf(state));
    this.came();
  }

  look(): { readonly state: State; readonly count: number } {
    // The state first: whoever reads the file after it was whole has all of it.
    return { state: states[Atomics.load(this.words, 1)] ?? 'ended', count: Atomics.load(this.words, 0) };
  }

  /** For worker threads: blocks until more came since the count, at most so long. */
  wait(count: number, ms: number): void {
    Atomics.wait(this.words, 0, count, ms);
  }
}
