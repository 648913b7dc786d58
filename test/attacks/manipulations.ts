import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { Answer, HonestAnswer } from './fixture.js';

/** What is done to an answer. `at`: where in the body, from 0 to 1; `other`: which of the remembered answers. */
export interface Manipulation {
  readonly how: keyof typeof manipulations;
  readonly at: number;
  readonly bit: number;
  readonly other: number;
}

/** Answers that passed before, honest all of them; those to the same question are apart. */
export interface Memory {
  readonly all: readonly HonestAnswer[];
  readonly same: readonly HonestAnswer[];
}

type Manipulate = (answer: HonestAnswer, memory: Memory, chosen: Manipulation) => Answer | undefined;

const place = ({ body }: HonestAnswer, at: number): number => Math.min(Math.floor(at * body.length), body.length - 1);

const manipulations = {
  flip(answer, _, { at, bit }) {
    const body = Buffer.from(answer.body);
    const index = place(answer, at);
    body[index] = (body[index] ?? 0) ^ (1 << bit);
    return { ...answer, body };
  },
  cut(answer, _, { at }) {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield answer.body.subarray(0, place(answer, at));
      throw new Error('cut');
    }
    return { ...answer, body: broken() };
  },
  truncate: (answer, _, { at }) => sized(answer, answer.body.subarray(0, place(answer, at))),
  lengthen: (answer) => sized(answer, Buffer.concat([answer.body, Buffer.from(' and more')])),
  swap: (answer, { all }, { other }) => all[other % Math.max(all.length, 1)] ?? answer,
  replay: (answer, { same }, { other }) => same[other % Math.max(same.length, 1)] ?? answer,
  'hang up': () => undefined,
  'say 404': (answer) => refusing(answer, 404, 'not-found'),
  'say 500': (answer) => refusing(answer, 500, 'internal'),
  'say 200 with an error': (answer) => refusing(answer, 200, 'disk-full'),
} satisfies Record<string, Manipulate>;

export const anyManipulation: fc.Arbitrary<Manipulation> = fc.record({
  how: fc.constantFrom(...(Object.keys(manipulations) as (keyof typeof manipulations)[])),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  bit: fc.nat(7),
  other: fc.nat(1_000),
});

export function manipulate(answer: HonestAnswer, memory: Memory, chosen: Manipulation): Answer | undefined {
  const how: Manipulate = manipulations[chosen.how];
  return how(answer, memory, chosen);
}

/** Late, in two pieces, and otherwise as it was. */
export function delayed(answer: HonestAnswer, ms: number): Answer {
  async function* late(): AsyncGenerator<Uint8Array> {
    const half = answer.body.length >> 1;
    yield answer.body.subarray(0, half);
    await delay(ms);
    yield answer.body.subarray(half);
  }
  return { ...answer, body: late() };
}

/** With a length that fits. */
export function sized(answer: Answer, body: Buffer): Answer {
  return { ...answer, headers: { ...answer.headers, 'content-length': `${body.length}` }, body };
}

function refusing(answer: HonestAnswer, status: number, code: string): Answer {
  const body = Buffer.from(JSON.stringify({ code, message: 'no', hint: null }));
  return sized({ ...answer, status, headers: { 'content-type': 'application/json' } }, body);
}
