import type { BitCoder } from './patch-coder.js';
import type { PatchStep } from './patch-match.js';
import { lengthOf, NumberModel, unzigzag, zigzag } from './patch-number.js';

/** The steps: how long each part is, in the context of how long others were, and how far on or back it lies in the base. */
export class StepModel {
  readonly #copied: NumberModel;
  readonly #added: NumberModel;
  readonly #seeks: NumberModel;
  #last: PatchStep = { position: 0, copied: 0, added: 0 };

  constructor(coder: BitCoder) {
    this.#copied = new NumberModel(coder, 32);
    this.#added = new NumberModel(coder, 32);
    this.#seeks = new NumberModel(coder, 64);
  }

  code(step: PatchStep): PatchStep {
    const last = this.#last;
    const expected = last.position + last.copied + last.added;
    const context = lengthOf(last.added);
    const position = expected + unzigzag(this.#seeks.code(context, zigzag(step.position - expected)));
    const copied = this.#copied.code(context, step.copied);
    const added = this.#added.code(lengthOf(copied), step.added);
    return (this.#last = { position, copied, added });
  }
}
