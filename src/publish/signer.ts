import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import { metadataName, type Role } from '../model/metadata.js';
import type { Store } from '../store/store.js';
import { isSignedBy } from '../trust/refresh.js';
import { readRoot } from '../trust/root-facts.js';
import { readProposal, signProposal } from '../trust/root-move.js';
import { signFirstRoot, signSnapshot, signTargets, signTimestamp, type Lifetimes } from '../trust/sign.js';
import { readSigningKey } from '../trust/signing-keys.js';
import { keepHandOver, type HandOver } from './hand-over.js';
import { KeyRing, type KeptRoot, type OnlineKeys } from './key-ring.js';
import { changeRoot, type RootPlan } from './root-change.js';
import { nothingBrought, openRootKeys, requireThreshold, sealRootKey, type Unlock } from './root-keys.js';

/** What is signed as the targets of one version. */
export type SignedTargets = Parameters<typeof signTargets>[0]['targets'];

/** Signs targets and all above them. What it gives is durable and in force. @returns the `targets` file */
export type Sign = (version: number, targets: SignedTargets) => Promise<Uint8Array>;

/** A little less than the day between two scans. */
const resignAfterMs = 23 * 3600 * 1000;

/** The newest root, the keys that it names and that sign by themselves, and the roots that are not served yet. */
interface Standing {
  readonly root: KeptRoot;
  readonly keys: OnlineKeys;
  readonly newRoots: readonly KeptRoot[];
}

/**
 * The publisher of one TUF repository: a depotd repository at its master depot, or the directory. Makes keys and the first
 * root when it signs first. Calls run one after the other, so that no version is given twice. The root key may be under a
 * passphrase or elsewhere: only what changes the root needs it.
 */
export class Signer {
  private last: Promise<unknown> = Promise.resolve();
  private readonly ring: KeyRing;

  constructor(
    private readonly store: Store,
    private readonly host: Host,
    /** Names the folder of the metadata, and that of the keys. */
    private readonly name: string,
    private readonly lifetimes: () => Lifetimes,
  ) {
    this.ring = new KeyRing(store.keys, name);
  }

  /** Does something that ends in a signature, alone: which version is next is decided in `work`. */
  alone<T>(work: (sign: Sign) => Promise<T>): Promise<T> {
    return this.inTurn(() =>
      work(async (version, targets) => {
        const standing = await this.standing();
        const bytes = signTargets({ version, targets }, standing.keys.targets, this.lifetimes(), this.host.now());
        await this.announce(standing, version, bytes);
        return bytes;
      }),
    );
  }

  /**
   * Finishes what a crash left between a root or a `targets` file and the timestamp, signs a timestamp that is a day old
   * anew, and a root half of whose life is over, where its key is here unprotected.
   * @param version of the newest `targets` file
   * @returns whether it wants a new version: half of its life is over, or its keys do not count any more
   */
  freshen(version: number): Promise<boolean> {
    return this.inTurn(async () => {
      const { signed } = this.store;
      const targets = signed.read(this.name, metadataName('targets', version));
      if (signed.held(this.name) === undefined || targets === undefined) return true;
      await this.renewRoot();
      const standing = await this.standing();
      if (!isSignedBy(standing.root.bytes, targets)) return true;
      const { timestampMs, targetsMs } = this.lifetimes();
      const facts = signed.facts(this.name);
      const isNamed = facts?.targets === version && standing.newRoots.length === 0;
      const fresh = timestampMs - Math.min(resignAfterMs, timestampMs / 2);
      if (!isNamed || !this.isWithin(facts.expiresAtMs.timestamp, fresh, timestampMs)) {
        await this.announce(standing, version, targets);
      }
      return !this.isWithin(signed.facts(this.name)?.expiresAtMs.targets ?? 0, targetsMs / 2, targetsMs);
    });
  }

  /**
   * Replaces the keys of these roles, by a root that old and new keys have signed. It is served with the next version that
   * is signed, so that no child meets one without the other.
   * @returns the version of the root
   * @throws DepotError `root-key-needed`; `bad-request` where a passphrase is wrong
   */
  rotate(roles: readonly Role[], unlock: Unlock): Promise<number> {
    return this.inTurn(() => this.changeRoot({ roles, purpose: 'a change of keys' }, unlock));
  }

  /** Adds a root key, and says how many signatures a root needs from now on. @returns the version of the root */
  addRootKey(pem: string, threshold: number, unlock: Unlock): Promise<number> {
    const added = { key: readSigningKey(pem), threshold };
    return this.inTurn(() => this.changeRoot({ roles: [], added, purpose: 'a further root key' }, unlock));
  }

  /**
   * Signs the root by which the repository goes to another master depot, and keeps it: from then on nothing more is signed
   * here, since it names none of the keys that are here. No generation follows the newest one.
   * @throws DepotError `head-refused` where the proposed root is no good, `root-key-needed`; nothing has changed then
   */
  handOver(to: string, proposal: Uint8Array, unlock: Unlock): Promise<HandOver> {
    return this.inTurn(async () => {
      const before = await this.newestRoot();
      readProposal(before.bytes, proposal, this.host.now());
      const facts = readRoot(before.bytes);
      const keys = await openRootKeys(this.ring, facts, unlock);
      requireThreshold(this.ring, facts, keys, `the move to ${to}`, `depot repository move ${this.name} --to ${to}`);
      const opened = keys.opened.map(({ key }) => key);
      const bytes = signProposal(before.bytes, proposal, opened);
      const generation = this.store.heads.newest(this.name)?.head.generation ?? 0;
      const handOver = { to, generation, root: facts.version + 1 };
      await keepHandOver(this.ring, handOver, bytes);
      return handOver;
    });
  }

  /** Puts the root key under a passphrase; null where it is already. */
  protect(passphrase: string | null): Promise<{ readonly keyId: string; readonly sealed: string }> {
    return this.inTurn(() => sealRootKey(this.ring, passphrase));
  }

  private async announce({ root, keys, newRoots }: Standing, version: number, targets: Uint8Array): Promise<void> {
    const { signed } = this.store;
    const now = this.host.now();
    const lifetimes = this.lifetimes();
    const snapshot = signSnapshot(version, { version, bytes: targets }, keys.snapshot, lifetimes, now);
    const timestampVersion = (signed.facts(this.name)?.timestamp ?? 0) + 1;
    const timestamp = signTimestamp(timestampVersion, { version, bytes: snapshot }, keys.timestamp, lifetimes, now);
    await signed.keep(this.name, { files: { root: root.bytes, targets, snapshot, timestamp }, newRoots });
  }

  private async standing(): Promise<Standing> {
    const { signed } = this.store;
    const isNothingHeld = signed.held(this.name) === undefined;
    if (isNothingHeld && this.ring.roots().length === 0) await this.signFirstRoot();
    else if (isNothingHeld) await this.startOver();
    const root = await this.newestRoot();
    const served = signed.rootVersions(this.name);
    return {
      root,
      keys: this.ring.online(readRoot(root.bytes)),
      newRoots: this.ring.roots().filter((each) => !served.includes(each.version)),
    };
  }

  private async newestRoot(): Promise<KeptRoot> {
    const kept = this.ring.roots().at(-1);
    const held = this.store.signed.held(this.name)?.root;
    const served = held === undefined ? undefined : { version: readRoot(held).version, bytes: held };
    const newest = served === undefined || (kept?.version ?? 0) > served.version ? kept : served;
    if (newest === undefined) {
      throw new DepotError('not-found', `${this.name} has no keys yet: nothing was published`, { retry: 'never' });
    }
    await this.ring.settle(readRoot(newest.bytes));
    return newest;
  }

  private async signFirstRoot(): Promise<void> {
    await this.ring.make();
    const read = (role: Role) => readSigningKey(this.ring.read(`${role}.pem`) ?? '');
    const keys = {
      root: [read('root')],
      targets: read('targets'),
      snapshot: read('snapshot'),
      timestamp: read('timestamp'),
    };
    await this.ring.keepRoot({ version: 1, bytes: signFirstRoot(keys, this.lifetimes(), this.host.now()) });
  }

  /**
   * The metadata was lost and the keys were not: the snapshot and timestamp keys are changed, as only then children forget
   * the versions that they have seen (recovery from fast-forward, TUF specification 5.3.11).
   */
  private async startOver(): Promise<void> {
    const purpose = 'starting over after its signed metadata was lost';
    await this.changeRoot({ roles: ['snapshot', 'timestamp'], purpose }, nothingBrought);
  }

  private async renewRoot(): Promise<void> {
    const { rootMs } = this.lifetimes();
    const root = readRoot((await this.newestRoot()).bytes);
    if (root.expiresAtMs - this.host.now() > rootMs / 2) return;
    const { opened } = await openRootKeys(this.ring, root, nothingBrought);
    if (opened.length < root.roles.root.threshold) return;
    await this.changeRoot({ roles: [], purpose: 'a longer life' }, nothingBrought);
  }

  private async changeRoot(plan: RootPlan, unlock: Unlock): Promise<number> {
    const { signed } = this.store;
    const before = await this.newestRoot();
    const options = { lifetimes: this.lifetimes(), nowMs: this.host.now() };
    const next = await changeRoot(this.ring, before, plan, unlock, options);
    // Without any root here the next signature would take it for a start after a loss, which this is the answer to.
    if (signed.held(this.name) === undefined) {
      for (const { version, bytes } of this.ring.roots()) await signed.pin(this.name, version, bytes);
    }
    return next.version;
  }

  /** Whether so much of its life is left, and not more than a life: the settings may have been changed. */
  private isWithin(expiresAtMs: number, leastMs: number, mostMs: number): boolean {
    const leftMs = expiresAtMs - this.host.now();
    return leftMs > leastMs && leftMs <= mostMs;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
