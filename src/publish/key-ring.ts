import { join } from 'node:path';
import { DepotError } from '../model/errors.js';
import { metadataName, type Role } from '../model/metadata.js';
import { sealedRootKey, type KeyFiles } from '../store/keys.js';
import { readRoot, type RootFacts } from '../trust/root-facts.js';
import { labelOf } from '../trust/sealed.js';
import type { RoleKeys } from '../trust/sign.js';
import { makeSigningKey, readSigningKey, type SigningKey } from '../trust/signing-keys.js';

/** The roles whose keys sign by themselves, and so lie unprotected where a repository is published. */
const onlineRoles = ['targets', 'snapshot', 'timestamp'] as const;
type OnlineRole = (typeof onlineRoles)[number];
export type OnlineKeys = Pick<RoleKeys, OnlineRole>;

export interface KeptRoot {
  readonly version: number;
  readonly bytes: Uint8Array;
}

const staged = { plain: '.next.pem', sealed: 'root.next.pem.sealed' } as const;

/**
 * The key files of one TUF repository, `keys/<name>/`: `<role>.pem`, or `root.pem.sealed`, and each root that was signed
 * with them. A new key is staged beside the old one; it takes the place of that once a root that names it is kept, however
 * often this is interrupted.
 */
export class KeyRing {
  constructor(
    readonly files: KeyFiles,
    readonly name: string,
  ) {}

  /** Makes those of the four keys that are not there yet. */
  async make(): Promise<void> {
    for (const role of ['root', ...onlineRoles] as const) {
      if (this.read(`${role}.pem`) === undefined) await this.write(`${role}.pem`, makeSigningKey().pem);
    }
  }

  /** The keys that sign by themselves. @throws DepotError `data-unusable` where one is missing, or is not the one that the root names */
  online(root: RootFacts): OnlineKeys {
    return {
      targets: this.key('targets', root),
      snapshot: this.key('snapshot', root),
      timestamp: this.key('timestamp', root),
    };
  }

  /** Roots that were signed here, the oldest first. They stand with the keys too, so that a backup of these is enough. */
  roots(): KeptRoot[] {
    return this.files
      .list(this.name)
      .flatMap((name) => /^([1-9]\d*)\.root\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
      .map((version) => ({ version, bytes: Buffer.from(this.read(metadataName('root', version)) ?? '') }));
  }

  /** The new keys that it names count from now on. */
  async keepRoot({ version, bytes }: KeptRoot): Promise<void> {
    await this.write(metadataName('root', version), bytes);
    await this.settle(readRoot(bytes));
  }

  /** New keys for all roles, staged. */
  async stageAll(): Promise<OnlineKeys & { readonly root: SigningKey }> {
    const make = async (role: Role): Promise<SigningKey> => {
      const { key, pem } = makeSigningKey();
      await this.stage(role, pem);
      return key;
    };
    return {
      root: await make('root'),
      targets: await make('targets'),
      snapshot: await make('snapshot'),
      timestamp: await make('timestamp'),
    };
  }

  dropStaged(): void {
    for (const role of ['root', ...onlineRoles] as const) this.files.remove(this.name, `${role}${staged.plain}`);
    this.files.remove(this.name, staged.sealed);
  }

  /** Whether the keys that sign by themselves are here, and are those that the root names. */
  hasOnline(root: RootFacts): boolean {
    return onlineRoles.every((role) => this.isOf(root, role, `${role}.pem`));
  }

  /** Whether staged keys are here for all roles, and are those that the root names. */
  hasStaged(root: RootFacts): boolean {
    return (['root', ...onlineRoles] as const).every((role) => this.isOf(root, role, `${role}${staged.plain}`));
  }

  async stage(role: Role, pem: string): Promise<void> {
    await this.write(`${role}${staged.plain}`, pem);
  }

  async stageSealedRoot(text: string): Promise<void> {
    await this.write(staged.sealed, text);
  }

  /** Puts staged keys in their place where the newest root names them; others are of a change that did not come about. */
  async settle(root: RootFacts): Promise<void> {
    for (const role of ['root', ...onlineRoles] as const) {
      const pem = this.read(`${role}${staged.plain}`);
      if (pem === undefined) continue;
      const { id } = this.readKey(`${role}${staged.plain}`, pem);
      if (isNamed(root, role, id)) await this.write(`${role}.pem`, pem);
      this.files.remove(this.name, `${role}${staged.plain}`);
    }
    const sealed = this.read(staged.sealed);
    if (sealed === undefined) return;
    if (isNamed(root, 'root', labelOf(sealed))) await this.write(sealedRootKey, sealed);
    this.files.remove(this.name, staged.sealed);
  }

  read(file: string): string | undefined {
    return this.files.read(this.name, file);
  }

  write(file: string, text: string | Uint8Array): Promise<void> {
    return this.files.write(this.name, file, text);
  }

  private isOf(root: RootFacts, role: Role, file: string): boolean {
    const pem = this.read(file);
    return pem !== undefined && isNamed(root, role, this.readKey(file, pem).id);
  }

  private readKey(file: string, pem: string): SigningKey {
    return readSigningKey(pem, { what: join(this.files.folder(this.name), file), hint: this.restoring() });
  }

  private restoring(): string {
    return `restore the newest backup of the folder keys/ of the data directory, or make new keys: depot keys rotate ${this.name}`;
  }

  /** @throws DepotError `data-unusable` where it is missing, or is not the one that the root names */
  key(role: OnlineRole, root: RootFacts): SigningKey {
    const pem = this.read(`${role}.pem`);
    const key = pem === undefined ? undefined : this.readKey(`${role}.pem`, pem);
    if (key !== undefined && isNamed(root, role, key.id)) return key;
    const folder = this.files.folder(this.name);
    throw new DepotError(
      'data-unusable',
      key === undefined
        ? `the ${role} key of ${this.name} is not in ${folder}`
        : `the ${role} key of ${this.name} in ${folder} is not the one that its root ${root.version} names`,
      {
        hint: this.restoring(),
        retry: 'never',
      },
    );
  }
}

function isNamed(root: RootFacts, role: Role, id: string | undefined): boolean {
  return root.roles[role].keys.some((key) => key.id === id);
}
