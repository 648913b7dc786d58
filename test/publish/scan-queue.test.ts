import { describe, expect, it } from 'vitest';
import type { PublishResult } from '../../src/model/publish-status.js';
import { scanQueue, type ScanRequest } from '../../src/publish/scan-queue.js';

const none = { files: 0, bytes: 0 };

/** A queue whose scans end when the test says so. */
function manual() {
  const begun: { request: ScanRequest; end: (generation: number) => void; fail: (error: Error) => void }[] = [];
  const queue = scanQueue(
    (request) =>
      new Promise<PublishResult>((resolve, reject) => {
        const end = (generation: number): void => resolve(resultOf(generation));
        begun.push({ request, end, fail: reject });
      }),
  );
  return { queue, begun, settle: () => new Promise((resolve) => setImmediate(resolve)) };
}

function resultOf(generation: number): PublishResult {
  return {
    repository: 'tools',
    dryRun: false,
    generation,
    published: true,
    add: none,
    replace: none,
    delete: none,
    heldBack: [],
    heldBackCount: 0,
    changing: [],
    refused: null,
  };
}

describe('scans', () => {
  it('run one at a time; all who ask during one share the next', async () => {
    const { queue, begun, settle } = manual();
    const first = queue.ask({});
    await settle();
    const progress: string[] = [];
    const others = ['b', 'c'].map((name) => queue.ask({ onProgress: () => progress.push(name) }));
    await settle();
    expect(begun).toHaveLength(1);
    begun[0]?.end(1);
    expect((await first).generation).toBe(1);
    await settle();
    expect(begun).toHaveLength(2);
    begun[1]?.request.onProgress({ phase: 'scan', files: { done: 1, total: null }, bytes: { done: 1, total: null } });
    begun[1]?.end(2);
    expect((await Promise.all(others)).map(({ generation }) => generation)).toEqual([2, 2]);
    expect(progress).toEqual(['b', 'c']);
    await queue.idle();
    expect(begun).toHaveLength(2);
  });

  it('are not shared by a dry run, nor by one who accepts the source and one who does not', async () => {
    const { queue, begun, settle } = manual();
    const asked = [{}, { dryRun: true }, { acceptSource: true }, { acceptSource: true }].map((options) =>
      queue.ask(options),
    );
    for (let at = 0; at < 3; at += 1) {
      await settle();
      begun[at]?.end(at);
    }
    expect((await Promise.all(asked)).map(({ generation }) => generation)).toEqual([0, 1, 2, 2]);
    expect(begun.map(({ request }) => [request.dryRun, request.acceptSource])).toEqual([
      [false, false],
      [true, false],
      [false, true],
    ]);
  });

  it('go on after one that failed', async () => {
    const { queue, begun, settle } = manual();
    const first = queue.ask({});
    await settle();
    const second = queue.ask({});
    begun[0]?.fail(new Error('disk full'));
    await expect(first).rejects.toThrow('disk full');
    await settle();
    begun[1]?.end(2);
    expect((await second).generation).toBe(2);
  });

  it('go on without the one who asked, where that one is gone', async () => {
    const { queue, begun, settle } = manual();
    const gone = new AbortController();
    const asked = queue.ask({ signal: gone.signal });
    await settle();
    gone.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(begun[0]?.request.signal).toBeUndefined();
    begun[0]?.end(1);
    await queue.idle();
    await expect(queue.ask({ signal: gone.signal })).rejects.toThrow('gone');
    begun[1]?.end(2);
    await queue.idle();
  });
});
