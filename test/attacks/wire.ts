import { sha256 } from '../../src/model/sha256.js';
import type { Answer, HonestAnswer, MiddleDepot } from './fixture.js';
import { sized, type Memory } from './manipulations.js';

/** Every message that a cycle asks for, by the path of its question. */
export const kinds = {
  state: /\/state$/,
  root: /tools\/metadata\/\d+\.root\.json$/,
  timestamp: /tools\/metadata\/timestamp\.json$/,
  snapshot: /tools\/metadata\/\d+\.snapshot\.json$/,
  targets: /tools\/metadata\/\d+\.targets\.json$/,
  'directory metadata': /directory\/metadata\/.*\.json$/,
  'directory document': /directory\/metadata\/[0-9a-f]{64}\./,
  'list of repositories': /\/v1\/directory$/,
  difference: /\/manifests\//,
  page: /\/pages\//,
  'many pages': /\/pages$/,
  object: /\/objects\//,
  bundle: /\/bundle$/,
  offers: /\/offers$/,
  'answer to a report': /\/v1\/report$/,
} as const;
export type MessageKind = keyof typeof kinds;

type Alter = (answer: HonestAnswer, memory: Memory) => Answer | undefined;

/** What went over the wire of a middle depot, and how it alters messages of one kind. */
export class Wire {
  /** Hashes of all bodies that the depot above ever said. */
  readonly said = new Set<string>();
  altered = 0;
  private readonly memory = new Map<string, HonestAnswer[]>();
  private altering: { readonly kind: MessageKind; readonly alter: Alter } | undefined;

  constructor(middle: MiddleDepot) {
    middle.alter = (path, answer) => this.pass(path, answer);
  }

  tamper(kind: MessageKind, alter: Alter): void {
    this.altering = { kind, alter };
  }

  behave(): void {
    this.altering = undefined;
  }

  private pass(path: string, answer: HonestAnswer): Answer | undefined {
    const same = this.memory.get(path) ?? [];
    const memory = { all: [...this.memory.values()].flat(), same };
    this.said.add(sha256(answer.body));
    this.memory.set(path, [...same, answer].slice(-20));
    const { kind, alter } = this.altering ?? {};
    if (kind === undefined || alter === undefined) return answer;
    // Pages are asked for where there is no difference, and objects where there is no bundle.
    if (/page/.test(kind) && kinds.difference.test(path)) return without(answer);
    if (kind === 'page' && kinds['many pages'].test(path)) return without(answer);
    if (kind === 'object' && kinds.bundle.test(path)) return without(answer);
    if (!kinds[kind].test(path)) return answer;
    this.altered += 1;
    return alter(answer, memory);
  }
}

/** The parent has no such thing. */
export function without(answer: HonestAnswer): Answer {
  const none = Buffer.from(JSON.stringify({ code: 'not-found', message: 'it is not here', hint: null }));
  return sized({ ...answer, status: 404, headers: { 'content-type': 'application/json' } }, none);
}
