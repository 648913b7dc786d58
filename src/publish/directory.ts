import type { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Host } from '../host.js';
import {
  companyShape,
  companyTarget,
  contextTarget,
  directoryName,
  type CompanyDocument,
  type ContextDocument,
  type EnrolledRepository,
  type SubjectRow,
} from '../model/company.js';
import { DepotError } from '../model/errors.js';
import { metadataName } from '../model/metadata.js';
import { iso } from '../model/moment.js';
import { sha256 } from '../model/sha256.js';
import { siteSettingsShape, type SiteRow, type SiteSettings } from '../model/site-settings.js';
import type { Store } from '../store/store.js';
import { readCertificates } from '../trust/certificates.js';
import type { Lifetimes } from '../trust/sign.js';
import { Signer, type SignedTargets } from './signer.js';

/** The company's own site: every depot and every context lie within it. */
const everySite = (site: string): string => site.split('/')[0] ?? site;

/**
 * The company's directory at the depot that holds it: changes are signed as its next version, and in force when they
 * resolve. One at a time.
 */
export class DirectoryHolder {
  readonly signer: Signer;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly host: Host,
    /** Of this depot. */
    private readonly site: string,
    lifetimes: () => Lifetimes,
  ) {
    this.signer = new Signer(store, host, directoryName, lifetimes);
  }

  /** Whether this depot holds the directory, not only a copy of it. */
  static isHere(store: Pick<Store, 'keys'>): boolean {
    return store.keys.read(directoryName, 'targets.pem') !== undefined;
  }

  /** The first version, of a company that has no repositories yet. */
  found(document: CompanyDocument): Promise<void> {
    return this.inTurn(() => this.write({ document, repositories: [], sites: [] }));
  }

  /** @throws DepotError `data-unusable` where documents of it were lost: it would not be known who is revoked */
  requireDocuments(): void {
    this.content();
  }

  /** What whoever joins pins. Empty before the first version. */
  root(): Uint8Array {
    return this.store.signed.read(directoryName, metadataName('root', 1)) ?? Buffer.alloc(0);
  }

  /** Puts a repository in, or in place of the one of its name. */
  enrol(repository: EnrolledRepository): Promise<void> {
    return this.change((content) => withRepository(content, repository));
  }

  /**
   * The same for a repository that is published at this depot; nothing where it is in already, or has gone to another master
   * depot by the time that it is this one's turn.
   */
  enrolOwn(repository: EnrolledRepository): Promise<void> {
    const { name, context, master, root } = repository;
    return this.inTurn(async () => {
      const content = this.content();
      const known = content.repositories.find((each) => each.name === name);
      if (known !== undefined && known.master !== master) return;
      if (known?.context === context && known.root === root) return;
      await this.write(withRepository(content, { ...movesOf(known, root), ...repository }));
    });
  }

  /**
   * Serial numbers that are not accepted any more. Those whose time is over are dropped.
   * @param gone the depot that is put out with them; null where it goes on with another certificate
   */
  revoke(serials: CompanyDocument['revoked'], gone: string | null = null): Promise<void> {
    return this.change((content) => {
      const { document } = content;
      const nowMs = this.host.now();
      const kept = document.revoked.filter(({ until }) => Date.parse(until) > nowMs);
      const known = new Set(kept.map(({ serial }) => serial));
      const revoked = [...kept, ...serials.filter(({ serial }) => !known.has(serial))];
      return { ...content, document: { ...withGone(document, gone === null ? [] : [gone], nowMs), revoked } };
    });
  }

  /** A depot that was put out is one again. */
  async takeBack(depot: string): Promise<void> {
    if (this.document().gone?.some((each) => each.depot === depot) !== true) return;
    await this.change((content) => ({
      ...content,
      document: withGone(content.document, [], this.host.now(), [depot]),
    }));
  }

  /** Other anchors are trusted from now on. */
  trust(anchors: readonly string[]): Promise<void> {
    return this.change((content) => ({ ...content, document: { ...content.document, anchors: [...anchors] } }));
  }

  /** These subjects, and no others, are those of depots from now on; a depot that has none any more is put out. */
  map(subjects: readonly SubjectRow[]): Promise<void> {
    return this.change((content) => {
      const { document } = content;
      const mapped = subjects.map(({ depot }) => depot);
      const gone = (document.subjects ?? []).map(({ depot }) => depot).filter((depot) => !mapped.includes(depot));
      const next = withGone(document, gone, this.host.now(), mapped);
      return { ...content, document: { ...next, subjects: [...subjects] } };
    });
  }

  /**
   * These are the settings of sites from now on, and those of other sites are gone.
   * @returns the sites that it changes; where there are none, nothing is signed
   */
  async set(sites: readonly { readonly site: string; readonly settings: SiteSettings }[]): Promise<string[]> {
    // As they will be read again.
    const next = sites.map(({ site, settings }): SiteRow => {
      const read: unknown = JSON.parse(JSON.stringify(siteSettingsShape.parse(settings)));
      return { site, settings: read };
    });
    let changed: string[] = [];
    await this.inTurn(async () => {
      const content = this.content();
      changed = [...new Set([...content.sites, ...next].map(({ site }) => site))].filter(
        (site) => !isDeepStrictEqual(settingsOf(site, content.sites), settingsOf(site, next)),
      );
      if (changed.length > 0) await this.write({ ...content, sites: next });
    });
    return changed.sort();
  }

  /** What is in force. @throws DepotError `data-unusable` */
  document(): CompanyDocument {
    return this.content().document;
  }

  repositories(): readonly EnrolledRepository[] {
    return this.content().repositories;
  }

  anchors(): readonly X509Certificate[] {
    return this.document().anchors.flatMap((pem) => readCertificates(pem, 'a trusted root'));
  }

  /** Signs again what would expire. */
  async freshen(): Promise<void> {
    const version = this.version();
    if (await this.signer.freshen(version)) await this.signAgain();
  }

  /** Signs what it says as the next version. */
  async signAgain(): Promise<null> {
    await this.change((content) => content);
    return null;
  }

  private change(edit: (content: Content) => Content): Promise<void> {
    return this.inTurn(async () => this.write(edit(this.content())));
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private content(): Content {
    const company = this.store.company.get(everySite(this.site));
    if (company !== undefined) return company;
    throw new DepotError('data-unusable', "documents of the company's directory are missing", {
      hint: 'restore the data directory from a backup: what is revoked must not be forgotten',
      retry: 'never',
    });
  }

  private async write({ document, repositories, sites }: Content): Promise<void> {
    const contexts = [...new Set([...repositories.map(({ context }) => context), ...sites.map(({ site }) => site)])];
    const documents = new Map<string, Buffer>();
    const targets: Record<string, SignedTargets[string]> = {};
    const add = (target: string, value: CompanyDocument | ContextDocument, context?: string): void => {
      const bytes = Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`);
      const hash = sha256(bytes);
      documents.set(`${hash}.${target}`, bytes);
      const custom = context === undefined ? {} : { custom: { context } };
      targets[target] = { length: bytes.length, sha256: hash, ...custom };
    };
    add(companyTarget, companyShape.parse(document));
    for (const context of contexts.sort()) {
      const here = repositories.filter((repository) => repository.context === context);
      const listed = here.map(({ context: _context, ...repository }) => repository);
      const settings = settingsOf(context, sites);
      listed.sort((a, b) => (a.name < b.name ? -1 : 1));
      add(contextTarget(context), { context, repositories: listed, settings }, context);
    }
    await this.store.company.keep(documents);
    await this.signer.alone((sign) => sign(this.version() + 1, targets));
    this.store.company.dropUnnamed(everySite(this.site));
  }

  /** The generation of it that is in force; 0 before the first. */
  version(): number {
    return this.store.signed.facts(directoryName)?.targets ?? 0;
  }
}

function settingsOf(site: string, rows: readonly SiteRow[]): unknown {
  return rows.find((row) => row.site === site)?.settings;
}

function withRepository(content: Content, repository: EnrolledRepository): Content {
  const others = content.repositories.filter(({ name }) => name !== repository.name);
  return { ...content, repositories: [...others, repository] };
}

/** What is known of the moves of a repository stays, as long as it is the same one. */
export function movesOf(known: EnrolledRepository | undefined, root: string): Pick<EnrolledRepository, 'moves'> {
  return known?.root === root && known.moves !== undefined ? { moves: known.moves } : {};
}

interface Content {
  readonly document: CompanyDocument;
  readonly repositories: readonly EnrolledRepository[];
  readonly sites: readonly SiteRow[];
}

/** Depots below forget those that were silent for 30 days by themselves. */
const goneForMs = 60 * 24 * 3600 * 1000;

/** With depots that are put out now, and without those that are back; one that goes again is listed once. */
function withGone(
  document: CompanyDocument,
  depots: readonly string[],
  nowMs: number,
  back: readonly string[] = [],
): CompanyDocument {
  const changed = new Set([...depots, ...back]);
  const before = document.gone ?? [];
  const kept = before.filter(({ depot, at }) => !changed.has(depot) && Date.parse(at) > nowMs - goneForMs);
  const gone = [...kept, ...Array.from(new Set(depots), (depot) => ({ depot, at: iso(nowMs) }))];
  return gone.length + before.length === 0 ? document : { ...document, gone };
}
