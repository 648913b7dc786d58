import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  companyShape,
  contextShape,
  directoryName,
  documentsFor,
  isDocumentName,
  type CompanyDocument,
  type EnrolledRepository,
} from '../model/company.js';
import { DepotError } from '../model/errors.js';
import { sha256 as hashOf } from '../model/sha256.js';
import type { SiteRow } from '../model/site-settings.js';
import { writeFileDurably } from './durable.js';
import type { Layout } from './layout.js';
import type { SignedFiles, SignedSet } from './signed-files.js';
import { isCode } from './system-error.js';

/** The company's directory, as far as it concerns this depot. */
export interface Company {
  readonly document: CompanyDocument;
  /** Those whose context is above this depot's site, the site itself, or below it. */
  readonly repositories: readonly EnrolledRepository[];
  /** Settings by site, of the same sites. */
  readonly sites: readonly SiteRow[];
  /** The version of what is signed. */
  readonly generation: number;
  isRevoked(serial: string): boolean;
}

/**
 * The documents of the company's directory, verified before they are kept here: `metadata/.directory/`, beside the signed
 * metadata that names them. A depot that has not joined has none.
 */
export class CompanyFiles {
  private cached: { readonly timestamp: number; readonly site: string; readonly company: Company } | undefined;

  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly layout: Layout,
    private readonly signed: SignedFiles,
  ) {}

  /**
   * The directory as a depot at `site` has it; undefined before the first whole set.
   * @throws DepotError `data-unusable` where a document is not what was verified: less may be revoked in it, or less published
   */
  get(site: string): Company | undefined {
    const facts = this.signed.facts(directoryName);
    if (facts === undefined) return undefined;
    const { timestamp } = facts;
    if (this.cached?.timestamp === timestamp && this.cached.site === site) return this.cached.company;
    const targets = this.signed.held(directoryName)?.targets;
    if (targets === undefined) return undefined;
    const company = this.load(site, targets, facts.targets);
    if (company !== undefined) this.cached = { timestamp, site, company };
    return company;
  }

  /** The bytes of a document; undefined where it is not here. */
  read(file: string): Uint8Array | undefined {
    try {
      return readFileSync(join(this.layout.metadataOf(directoryName), file));
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /**
   * One at a time: several cycles may bring the directory at once, and the documents of one version are not to be dropped by the
   * switch to another.
   */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Whether a document is here as it was verified. */
  holds(file: string): boolean {
    const bytes = this.read(file);
    return bytes !== undefined && isNamedBy(file, bytes);
  }

  /**
   * Keeps documents before the metadata that names them is switched to: a crash leaves the directory that was in force. One that
   * was damaged here is replaced.
   */
  async keep(documents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const folder = this.layout.metadataOf(directoryName);
    for (const [file, bytes] of documents) {
      if (!this.holds(file)) await writeFileDurably(join(folder, file), bytes);
    }
  }

  /** Switches to a set whose documents are kept. */
  async switch(site: string, set: SignedSet): Promise<void> {
    await this.signed.keep(directoryName, set);
    this.dropUnnamed(site);
  }

  /** Drops the documents that the set in force does not name for a depot at `site`. */
  dropUnnamed(site: string): void {
    const targets = this.signed.held(directoryName)?.targets;
    if (targets === undefined) return;
    const named = new Set(documentsFor(site, targets).map(({ file }) => file));
    const folder = this.layout.metadataOf(directoryName);
    for (const name of readdirSync(folder)) {
      if (isDocumentName(name) && !named.has(name)) rmSync(join(folder, name), { force: true });
    }
  }

  private load(site: string, targets: Uint8Array, generation: number): Company | undefined {
    const sites: SiteRow[] = [];
    const repositories: EnrolledRepository[] = [];
    let document: CompanyDocument | undefined;
    for (const { file, context } of documentsFor(site, targets)) {
      const bytes = this.read(file);
      if (bytes === undefined) return undefined;
      if (!isNamedBy(file, bytes)) throw damaged(join(this.layout.metadataOf(directoryName), file));
      const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
      if (context === null) {
        document = companyShape.parse(value);
        continue;
      }
      const { repositories: listed, settings } = contextShape.parse(value);
      repositories.push(...listed.map((each) => ({ ...each, context })));
      if (settings !== undefined) sites.push({ site: context, settings });
    }
    if (document === undefined) return undefined;
    const revoked = new Set(document.revoked.map(({ serial }) => serial));
    return { document, repositories, sites, generation, isRevoked: (serial) => revoked.has(serial) };
  }
}

function isNamedBy(file: string, bytes: Uint8Array): boolean {
  return file.startsWith(`${hashOf(bytes)}.`);
}

function damaged(path: string): DepotError {
  const message = `${path} is damaged: a document of the company's directory that does not hash to its name`;
  return new DepotError('data-unusable', message, {
    hint:
      "at the depot that holds the company's directory, the origin: restore the folder from a backup; at any other one: remove " +
      'the file, and the next poll brings it again',
    retry: 'never',
  });
}
