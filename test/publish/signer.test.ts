import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import type { Host } from '../../src/host.js';
import { metadataName, type Role, type TrustedFiles } from '../../src/model/metadata.js';
import { sha256 } from '../../src/model/sha256.js';
import { nothingBrought, type Unlock } from '../../src/publish/root-keys.js';
import { Signer } from '../../src/publish/signer.js';
import { Store } from '../../src/store/store.js';
import { readRoot } from '../../src/trust/root-facts.js';
import { seal } from '../../src/trust/sealed.js';
import type { Lifetimes } from '../../src/trust/sign.js';
import { makeSigningKey, readSigningKey } from '../../src/trust/signing-keys.js';
import type { TufSource } from '../../src/trust/source.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { temporaryFolder } from '../harness/temporary.js';
import { altered, dayMs, refresh, refused } from '../trust/repository.js';

const words = 'correct horse';

/** A master depot of `tools` with real files, and a clock that a test moves; a child trusts what it met first. */
class Master {
  nowMs = Date.now();
  lifetimes: Lifetimes = usualLifetimes;
  signer: Signer;
  private version = 0;
  private readonly host: Host = {
    now: () => this.nowMs,
    monotonic: () => this.nowMs,
    sleep: async () => undefined,
    random: Math.random,
  };

  constructor(
    readonly store: Store,
    readonly data: string,
  ) {
    this.signer = this.another();
  }

  static async start(): Promise<Master> {
    const data = await temporaryFolder();
    const store = Store.open(data);
    onTestFinished(() => store.close());
    return new Master(store, data);
  }

  another(): Signer {
    return new Signer(this.store, this.host, 'tools', () => this.lifetimes);
  }

  async publish(): Promise<void> {
    this.version += 1;
    const page = Buffer.from(`root page ${this.version}`);
    const targets = { manifest: { length: page.length, sha256: sha256(page) } };
    await this.signer.alone((sign) => sign(this.version, targets));
  }

  /** As the scan does it: signs again what wants it. @returns whether a new version was needed */
  async freshen(): Promise<boolean> {
    const wanted = await this.signer.freshen(this.version);
    if (wanted) await this.publish();
    return wanted;
  }

  async rotate(roles: readonly Role[], unlock: Unlock = nothingBrought): Promise<void> {
    await this.signer.rotate(roles, unlock);
    await this.publish();
  }

  get first(): TrustedFiles {
    return { root: this.served(metadataName('root', 1)) ?? new Uint8Array() };
  }

  /** What a parent serves. */
  get source(): TufSource {
    return { metadata: async (name) => this.served(name), target: async () => undefined };
  }

  root(): ReturnType<typeof readRoot> {
    const held = this.store.signed.held('tools');
    if (held === undefined) throw new Error('nothing is held');
    return readRoot(held.root);
  }

  expiresInDays(role: Role): number {
    return ((this.store.signed.facts('tools')?.expiresAtMs[role] ?? 0) - this.nowMs) / dayMs;
  }

  keyFiles(): string[] {
    return readdirSync(join(this.data, 'keys/tools')).filter((name) => !name.endsWith('.root.json'));
  }

  key(file: string): string {
    return readFileSync(join(this.data, 'keys/tools', file), 'utf8');
  }

  private served(name: string): Uint8Array | undefined {
    return this.store.signed.read('tools', name as Parameters<Store['signed']['read']>[1]);
  }
}

const plain = ['root.pem', 'snapshot.pem', 'targets.pem', 'timestamp.pem'];
const sealedFiles = ['root.pem.sealed', 'snapshot.pem', 'targets.pem', 'timestamp.pem'];

test('children follow a rotation of the online keys at their next poll, and take nothing from the old ones', async () => {
  const master = await Master.start();
  await master.publish();
  const { files: held } = await refresh(master.first, master.source);
  const old = { targets: master.key('targets.pem'), timestamp: master.key('timestamp.pem') };
  await master.rotate(['targets', 'snapshot', 'timestamp']);
  const { files, newRoots } = await refresh(held, master.source);
  expect(newRoots.map(({ version }) => version)).toEqual([2]);
  expect(master.keyFiles()).toEqual(plain);

  await master.publish();
  for (const [name, pem] of [
    ['timestamp.json', old.timestamp],
    ['3.targets.json', old.targets],
  ] as const) {
    const { metadata } = master.source;
    const forged: TufSource = {
      ...master.source,
      metadata: async (file, ...rest) => {
        const bytes = await metadata(file, ...rest);
        return file === name && bytes !== undefined ? altered(bytes, [readSigningKey(pem)], () => undefined) : bytes;
      },
    };
    expect((await refused(refresh(files, forged))).code).toBe('head-refused');
  }
  expect((await refresh(files, master.source)).newRoots).toEqual([]);
});

test.each(['targets', 'snapshot', 'timestamp', 'root'] as const)('the %s key is replaced alone', async (role) => {
  const master = await Master.start();
  await master.publish();
  const before = master.root().roles;
  const { files } = await refresh(master.first, master.source);
  await master.rotate([role]);
  const after = master.root().roles;
  for (const each of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
    expect(after[each].keys[0]?.id === before[each].keys[0]?.id).toBe(each !== role);
  }
  await refresh(files, master.source);
  await refresh(master.first, master.source);
  // The new root key signs the root after it.
  await master.rotate(['targets']);
  await refresh(files, master.source);
});

test('a root key under a passphrase is needed for the root only', async () => {
  const master = await Master.start();
  await master.publish();
  const { files } = await refresh(master.first, master.source);
  const { keyId, sealed } = await master.signer.protect(words);
  expect(keyId).toBe(master.root().roles.root.keys[0]?.id);
  expect(master.keyFiles()).toEqual(sealedFiles);
  expect(sealed).not.toContain('PRIVATE');
  for (const file of master.keyFiles())
    expect(statSync(join(master.data, 'keys/tools', file)).mode & 0o777).toBe(0o600);

  master.signer = master.another();
  await master.publish();
  master.nowMs += 46 * dayMs;
  expect(await master.freshen()).toBe(true);
  const needed = await refused(master.signer.rotate(['targets'], nothingBrought));
  expect([needed.code, needed.hint]).toEqual(['root-key-needed', 'depot keys rotate tools']);
  const wrong = await refused(master.signer.rotate(['targets'], { keys: [], passphrases: ['wrong'] }));
  expect([wrong.code, wrong.message]).toEqual(['bad-request', expect.stringContaining('passphrase is wrong')]);
  expect(master.root().version).toBe(1);
  expect(master.keyFiles()).toEqual(sealedFiles);

  await master.rotate(['targets', 'root'], { keys: [], passphrases: [words] });
  expect(master.keyFiles()).toEqual(sealedFiles);
  await refresh(files, master.source);
  // The new root key is under the passphrase of the old one.
  await master.rotate(['targets'], { keys: [], passphrases: [words] });
  await refresh(files, master.source);
});

test('a root key that was taken away is brought for a change, and is not kept', async () => {
  const master = await Master.start();
  await master.publish();
  const { files } = await refresh(master.first, master.source);
  const { sealed } = await master.signer.protect(words);
  master.store.keys.remove('tools', 'root.pem.sealed');
  const needed = await refused(master.signer.rotate(['targets'], nothingBrought));
  expect([needed.message, needed.hint]).toEqual([
    expect.stringContaining('not on this machine'),
    'depot keys rotate tools --root-key FILE',
  ]);
  await master.rotate(['targets'], { keys: [sealed], passphrases: ['another', words] });
  expect(master.keyFiles()).toEqual(plain.slice(1));
  await refresh(files, master.source);
});

test('a second root key is added, and both must sign from then on', async () => {
  const master = await Master.start();
  await master.publish();
  const { files } = await refresh(master.first, master.source);
  const second = makeSigningKey();
  const unlock = { keys: [await seal(second.pem, 'another', second.key.id)], passphrases: ['another'] };
  await master.signer.addRootKey(second.pem, 2, nothingBrought);
  await master.publish();
  expect(master.root().roles.root).toMatchObject({ threshold: 2, keys: [{}, { id: second.key.id }] });
  const { files: followed } = await refresh(files, master.source);

  expect((await refused(master.signer.rotate(['targets'], nothingBrought))).message).toContain(
    'needs 2 of the root keys, and 1 can be used',
  );
  await master.rotate(['targets', 'root'], unlock);
  expect(master.root().roles.root).toMatchObject({ threshold: 2, keys: [{}, {}] });
  await refresh(followed, master.source);
  await refresh(files, master.source);
});

test('one of two root keys is enough where the threshold says so, and the other stays', async () => {
  const master = await Master.start();
  await master.publish();
  const { files } = await refresh(master.first, master.source);
  const second = makeSigningKey();
  await master.signer.addRootKey(second.pem, 1, nothingBrought);
  await master.rotate(['targets']);
  expect(master.root().roles.root.keys.map(({ id }) => id)).toContain(second.key.id);
  await refresh(files, master.source);
  await master.signer.protect(words);
  await master.rotate(['timestamp'], { keys: [second.pem], passphrases: [] });
  await refresh(files, master.source);
});

test('a root is signed again when half of its life is over, where its key is here', async () => {
  const master = await Master.start();
  await master.publish();
  const { files } = await refresh(master.first, master.source);
  master.nowMs += 360 * dayMs;
  await master.freshen();
  expect(master.root().version).toBe(1);
  master.nowMs += 6 * dayMs;
  await master.freshen();
  expect(master.root().version).toBe(2);
  expect(master.expiresInDays('root')).toBeGreaterThan(729);
  expect((await refresh(files, master.source)).newRoots).toHaveLength(1);

  await master.signer.protect(words);
  master.nowMs += 400 * dayMs;
  await master.freshen();
  expect(master.root().version).toBe(2);
});

test('what lives longer or shorter by new settings is signed again at once', async () => {
  const master = await Master.start();
  await master.publish();
  master.lifetimes = { ...usualLifetimes, targetsMs: 10 * dayMs, timestampMs: 5 * dayMs };
  expect(await master.freshen()).toBe(true);
  expect(master.expiresInDays('targets')).toBeCloseTo(10, 3);
  expect(master.expiresInDays('timestamp')).toBeCloseTo(5, 3);
  expect(await master.freshen()).toBe(false);
  master.lifetimes = usualLifetimes;
  expect(await master.freshen()).toBe(true);
  expect(master.expiresInDays('timestamp')).toBeCloseTo(30, 3);
});

test('a rotation that was cut after its root is finished by the next look', async () => {
  const master = await Master.start();
  await master.publish();
  const { files } = await refresh(master.first, master.source);
  await master.signer.rotate(['targets', 'snapshot', 'timestamp'], nothingBrought);
  // Nothing is served yet: a child meets the new root together with what its keys have signed.
  await refresh(files, master.source);
  master.signer = master.another();
  expect(await master.freshen()).toBe(true);
  expect((await refresh(files, master.source)).newRoots).toHaveLength(1);
});

test('new keys of a rotation that did not come about are dropped', async () => {
  const master = await Master.start();
  await master.publish();
  await master.store.keys.write('tools', 'targets.next.pem', makeSigningKey().pem);
  await master.publish();
  expect(master.keyFiles()).toEqual(plain);
  await refresh(master.first, master.source);
});

test('metadata that was lost begins again from the keys; a sealed root key is asked for', async () => {
  const master = await Master.start();
  for (let times = 0; times < 3; times += 1) await master.publish();
  const { files } = await refresh(master.first, master.source);
  await master.signer.protect(words);
  rmSync(join(master.data, 'metadata/tools'), { recursive: true });
  master.store.signed.forget('tools');
  const again = new Master(master.store, master.data);
  const needed = await refused(again.publish());
  expect([needed.code, needed.message]).toEqual(['root-key-needed', expect.stringContaining('starting over')]);
  await again.signer.rotate(['targets', 'snapshot', 'timestamp'], { keys: [], passphrases: [words] });
  const anew = new Master(master.store, master.data);
  await anew.publish();
  const { newRoots } = await refresh(files, anew.source);
  expect(newRoots).toHaveLength(1);
});

test('says which key is missing or of an older backup, and new keys replace it', async () => {
  const master = await Master.start();
  await master.publish();
  const { files } = await refresh(master.first, master.source);
  await master.store.keys.write('tools', 'snapshot.pem', makeSigningKey().pem);
  expect((await refused(master.publish())).message).toContain('is not the one that its root 1 names');
  master.store.keys.remove('tools', 'snapshot.pem');
  expect((await refused(master.publish())).message).toContain('the snapshot key of tools is not in');
  await master.rotate(['snapshot']);
  await refresh(files, master.source);
});
