import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import { metadataName } from '../model/metadata.js';
import type { Store } from '../store/store.js';
import { makeSigningKey, readSigningKey, type SigningKey } from '../trust/signing-keys.js';
import {
  signFirstRoot,
  signNextRoot,
  signSnapshot,
  signTargets,
  signTimestamp,
  usualLifetimes,
  type RoleKeys,
} from '../trust/sign.js';

/** What is signed as the targets of one version. */
export type SignedTargets = Parameters<typeof signTargets>[0]['targets'];

/** A little less than the day between two scans. */
const resignAfterMs = 23 * 3600 * 1000;
const roles = ['root', 'targets', 'snapshot', 'timestamp'] as const;

/**
 * The publisher of one TUF repository: a depotd repository at its master depot, or the directory. Makes keys and the first
 * root when it signs first. Calls run one after the other, so that no version is given twice.
 */
export class Signer {
  private last: Promise<unknown> = Promise.resolve();
  private loaded: RoleKeys | undefined;

  constructor(
    private readonly store: Store,
    private readonly host: Host,
    /** Names the folder of the metadata, and that of the keys. */
    private readonly name: string,
  ) {}

  /** Signs targets and all above them. What it gives is durable and in force. @returns the `targets` file */
  sign(version: number, targets: SignedTargets): Promise<Uint8Array> {
    return this.inTurn(async () => {
      const root = await this.root(await this.keys(), version);
      // The root may have changed some.
      const keys = await this.keys();
      const bytes = signTargets({ version, targets }, keys.targets, usualLifetimes, this.host.now());
      await this.announce(root, version, bytes, keys);
      return bytes;
    });
  }

  /**
   * Finishes what a crash left between a `targets` file and the timestamp, and signs a timestamp that is a day old anew.
   * @param version of the newest `targets` file
   * @returns whether half of the life of what is signed is over: it wants a new version
   */
  freshen(version: number): Promise<boolean> {
    return this.inTurn(async () => {
      const { signed } = this.store;
      const held = signed.held(this.name);
      const targets = signed.read(this.name, metadataName('targets', version));
      if (held === undefined || targets === undefined) return true;
      const now = this.host.now();
      const facts = signed.facts(this.name);
      const signedAtMs = (facts?.expiresAtMs.timestamp ?? 0) - usualLifetimes.timestampMs;
      if (facts?.targets !== version || now - signedAtMs >= resignAfterMs) {
        await this.announce(held.root, version, targets, await this.keys());
      }
      return now >= (signed.facts(this.name)?.expiresAtMs.targets ?? 0) - usualLifetimes.targetsMs / 2;
    });
  }

  private async announce(root: Uint8Array, version: number, targets: Uint8Array, keys: RoleKeys): Promise<void> {
    const { signed } = this.store;
    const now = this.host.now();
    const snapshot = signSnapshot(version, { version, bytes: targets }, keys.snapshot, usualLifetimes, now);
    const timestampVersion = (signed.facts(this.name)?.timestamp ?? 0) + 1;
    const named = { version, bytes: snapshot };
    const timestamp = signTimestamp(timestampVersion, named, keys.timestamp, usualLifetimes, now);
    await signed.keep(this.name, { files: { root, targets, snapshot, timestamp }, newRoots: [] });
  }

  /** Reads the keys, or makes them where there are none and nothing was ever signed. */
  private async keys(): Promise<RoleKeys> {
    if (this.loaded !== undefined) return this.loaded;
    const { keys, signed } = this.store;
    const found = roles.map((role) => keys.read(this.name, `${role}.pem`));
    if (found.every((pem) => pem === undefined)) {
      if (signed.held(this.name) !== undefined) throw this.keysMissing('root');
      for (const role of roles) await keys.write(this.name, `${role}.pem`, makeSigningKey().pem);
    }
    const read = (role: (typeof roles)[number]): SigningKey => {
      const pem = keys.read(this.name, `${role}.pem`);
      if (pem === undefined) throw this.keysMissing(role);
      return readSigningKey(pem);
    };
    this.loaded = {
      root: [read('root')],
      targets: read('targets'),
      snapshot: read('snapshot'),
      timestamp: read('timestamp'),
    };
    return this.loaded;
  }

  private keysMissing(role: string): DepotError {
    return new DepotError(
      'data-unusable',
      `the ${role} key of ${this.name} is not in ${this.store.keys.folder(this.name)}`,
      {
        hint: 'restore the folder keys/ of the data directory from a backup; without it nobody accepts what is published here',
        retry: 'never',
      },
    );
  }

  /**
   * The newest root. It is kept with the keys too, so that a backup of these is enough. Where the metadata was lost and the
   * keys were not, the snapshot and timestamp keys are changed: only then do children forget the versions that they have
   * seen (recovery from fast-forward, TUF specification 5.3.11).
   */
  private async root(keys: RoleKeys, version: number): Promise<Uint8Array> {
    const { signed } = this.store;
    const held = signed.held(this.name);
    if (held !== undefined) return held.root;
    const kept = this.keptRoots();
    const last = kept.at(-1);
    if (last === undefined) return this.keepRoot(1, signFirstRoot(keys, usualLifetimes, this.host.now()));
    for (const { number, bytes } of kept) await signed.pin(this.name, number, bytes);
    if (version > 1) return last.bytes;
    const { key: snapshot, pem: snapshotPem } = makeSigningKey();
    const { key: timestamp, pem: timestampPem } = makeSigningKey();
    const renewed = { ...keys, snapshot, timestamp };
    const root = signNextRoot(last.bytes, { keys: renewed }, usualLifetimes, this.host.now());
    await this.store.keys.write(this.name, 'snapshot.pem', snapshotPem);
    await this.store.keys.write(this.name, 'timestamp.pem', timestampPem);
    this.loaded = renewed;
    return this.keepRoot(last.number + 1, root);
  }

  private async keepRoot(number: number, bytes: Uint8Array): Promise<Uint8Array> {
    await this.store.keys.write(this.name, metadataName('root', number), bytes);
    await this.store.signed.pin(this.name, number, bytes);
    return bytes;
  }

  private keptRoots(): { readonly number: number; readonly bytes: Uint8Array }[] {
    const { keys } = this.store;
    return keys
      .list(this.name)
      .flatMap((name) => /^([1-9]\d*)\.root\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
      .map((number) => ({ number, bytes: Buffer.from(keys.read(this.name, metadataName('root', number)) ?? '') }));
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
