import { compress, decompress } from 'zstd-napi';
import type { metadataName } from '../../src/model/metadata.js';
import { sha256 } from '../../src/model/sha256.js';
import type { StateMessage } from '../../src/protocol/messages.js';
import { repository } from '../sync/fixture.js';
import type { Altering, Answer, HonestAnswer, Origin } from './fixture.js';
import { sized } from './manipulations.js';
import { kinds, without, type MessageKind } from './wire.js';

/** The parent with altered code of a child that has the second of three generations. */
export interface Scene {
  readonly origin: Origin;
  /** Of another company, with keys of its own: what an attacker can sign. */
  readonly stranger: Origin;
  /** Metadata of the first generation, by name. */
  readonly old: ReadonlyMap<string, Uint8Array>;
}

interface Attack {
  readonly code: string;
  /** Of the message and its hint, as the status shows them. */
  readonly says: string;
  readonly alter: (scene: Scene) => Altering;
}

export const only =
  (kind: MessageKind, alter: (answer: HonestAnswer, path: string) => Answer | undefined): Altering =>
  (path, answer) =>
    kinds[kind].test(path) ? alter(answer, path) : answer;

/** Pages are asked for where there is no difference, one by one where not many are given at once. */
export const withoutDifferences =
  (alter: Altering): Altering =>
  (path, answer) =>
    kinds.difference.test(path) || kinds['many pages'].test(path) ? without(answer) : alter(path, answer);

/** Objects are asked for by their names where there are no bundles. */
const withoutBundles =
  (alter: Altering): Altering =>
  (path, answer) =>
    kinds.bundle.test(path) ? without(answer) : alter(path, answer);

export function stating(answer: HonestAnswer, change: (state: StateMessage) => Partial<StateMessage>): Answer {
  if (answer.status !== 200) return answer;
  const state = JSON.parse(answer.body.toString()) as StateMessage;
  const body = Buffer.from(JSON.stringify({ ...state, ...change(state) }));
  return sized({ ...answer, headers: { ...answer.headers, etag: `"${sha256(body)}"` } }, body);
}

/** State and metadata are those of another repository under this name. */
export const asOf = (other: Origin): Altering => {
  const { signed, heads } = other.store;
  return (path, answer) => {
    const name = /tools\/metadata\/(.*)$/.exec(path)?.[1];
    if (name !== undefined) {
      const bytes = signed.read(repository, name as ReturnType<typeof metadataName>);
      return bytes === undefined ? without(answer) : sized({ ...answer, status: 200 }, Buffer.from(bytes));
    }
    const head = heads.newest(repository);
    if (head === undefined || !kinds.state.test(path)) return answer;
    const named = { generation: head.head.generation, sha256: head.sha256 };
    const metadata = { root: 1, timestamp: 99 };
    return stating(answer, () => ({ head: named, complete: named, metadata }));
  };
};

async function* endless(): AsyncGenerator<Uint8Array> {
  for (const chunk = Buffer.alloc(1024 * 1024, 'endless '); ;) yield chunk;
}

const withoutEnd = (answer: HonestAnswer): Answer => {
  const { 'content-length': _, ...headers } = answer.headers;
  return { ...answer, headers, body: endless() };
};

const forged = (answer: HonestAnswer): Answer => ({ ...answer, body: Buffer.from(answer.body).fill('x') });

/** Of the right length: an entry has another size. */
function forgedPage(answer: HonestAnswer): Answer {
  const text = decompress(answer.body).toString();
  return sized(answer, compress(Buffer.from(text.replace('40000', '40001'))));
}

const forgedBeginning = (answer: HonestAnswer): Answer => {
  async function* cut(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(answer.body.length >> 1, 'x');
    throw new Error('cut');
  }
  return { ...answer, body: cut() };
};

export const attacks: Readonly<Record<string, Attack>> = {
  'a page that it forged': {
    code: 'manifest-damaged',
    says: 'does not hash to its name',
    alter: () => withoutDifferences(only('page', forgedPage)),
  },
  'an object of the right length that it forged': {
    code: 'object-damaged',
    says: 'is not what its name says: its bytes hash to something else',
    alter: () => withoutBundles(only('object', forged)),
  },
  'the head of another repository under this name': {
    code: 'head-refused',
    says: 'valid of 1 needed signatures: too few, or by keys that may not sign it',
    alter: ({ stranger }) => asOf(stranger),
  },
  'the older timestamp, announced as a new one': {
    code: 'head-refused',
    says: 'timestamp 1 of tools at PARENT is offered, 2 was seen before: roll-back',
    alter:
      ({ old }) =>
      (path, answer) =>
        kinds.state.test(path)
          ? stating(answer, () => ({ metadata: { root: 1, timestamp: 9 } }))
          : kinds.timestamp.test(path)
            ? sized(answer, oldOf(old, 'timestamp.json'))
            : answer,
  },
  'the older snapshot under the new name': {
    code: 'head-refused',
    says: 'mix-and-match',
    alter: ({ old }) => only('snapshot', (answer) => sized(answer, oldOf(old, '1.snapshot.json'))),
  },
  'the older targets under the new name': {
    code: 'head-refused',
    says: 'mix-and-match',
    alter: ({ old }) => only('targets', (answer) => sized(answer, oldOf(old, '1.targets.json'))),
  },
  'the state of before the last generation': {
    code: 'head-refused',
    says: 'offers generation 1 of tools, this depot has seen 2 the parent is behind another one, was restored from a backup, or replays old heads',
    alter: ({ origin }) =>
      only('state', (answer) =>
        stating(answer, (state) => ({
          head: headOf(origin, 1),
          metadata: { ...state.metadata, root: 1, timestamp: 1 },
        })),
      ),
  },
  'another head as the generation that is known': {
    code: 'head-refused',
    says: 'two different heads claim to be generation 2 of tools',
    alter: ({ stranger }) =>
      only('state', (answer) =>
        stating(answer, () => ({ head: headOf(stranger, 2), metadata: { root: 1, timestamp: 1 } })),
      ),
  },
  'a state without end': {
    code: 'parent-answer',
    says: 'more than 65536 bytes came, which cannot be right',
    alter: () => only('state', withoutEnd),
  },
  'a timestamp without end': {
    code: 'parent-answer',
    says: 'more than 16384 bytes came, which cannot be right',
    alter: () => only('timestamp', withoutEnd),
  },
  'targets without end': {
    code: 'parent-answer',
    says: 'bytes came, which cannot be right',
    alter: () => only('targets', withoutEnd),
  },
  'a page without end': {
    code: 'parent-answer',
    says: 'bytes came, which cannot be right',
    alter: () => withoutDifferences(only('page', withoutEnd)),
  },
  'an object without end': {
    code: 'parent-answer',
    says: 'bytes came that must come',
    alter: () => withoutBundles(only('object', withoutEnd)),
  },
  'the beginning of an object that it forged': {
    code: 'transfer-cut',
    says: 'objects/',
    alter: () => withoutBundles(only('object', forgedBeginning)),
  },
  'a bundle without end': {
    code: 'parent-answer',
    says: 'bytes came, which cannot be right',
    alter: () => only('bundle', withoutEnd),
  },
  'a difference without end': {
    code: 'parent-answer',
    says: 'more than 268435456 bytes came, which cannot be right',
    alter: () => only('difference', withoutEnd),
  },
  'a page that is a compression bomb': {
    code: 'manifest-damaged',
    says: 'does not decompress to its',
    alter: () => withoutDifferences(only('page', (answer) => sized(answer, compress(Buffer.alloc(4 * 1024 * 1024))))),
  },
};

function oldOf(old: Scene['old'], name: string): Buffer {
  return Buffer.from(old.get(name) ?? '');
}

function headOf({ store }: Origin, generation: number): StateMessage['head'] {
  const head = store.heads.get(repository, generation);
  return head === undefined ? null : { generation, sha256: head.sha256 };
}
