import { readFileSync } from 'node:fs';
import { cachedReader } from '../manifest/cached-reader.js';
import type { PageRef, ReadPage } from '../manifest/page.js';
import { findEntry, listFolder } from '../manifest/read.js';
import type { FileEntry } from '../model/entry.js';
import { parsePackage, recordName, type PackageRecord } from '../model/package.js';
import type { Sha256 } from '../model/sha256.js';
import type { Objects } from './objects.js';
import type { Pages } from './pages.js';

/** Manifests whose records are remembered. */
const rememberedRoots = 8;
/** Records that are remembered by their object: most are the same in the next generation. */
const rememberedRecords = 20_000;

/** The records of packages, as manifests name them. */
export class Packages {
  private readonly byRoot = new Map<Sha256, readonly PackageRecord[]>();
  private readonly byObject = new Map<Sha256, PackageRecord>();

  constructor(
    private readonly pages: Pages,
    private readonly objects: Objects,
  ) {}

  /**
   * The packages of a manifest, by name; those that were deleted are among them.
   * @throws DepotError `manifest-damaged`, `object-missing`
   */
  of(root: PageRef): readonly PackageRecord[] {
    const known = this.byRoot.get(root.sha256);
    if (known !== undefined) return known;
    const records = recordEntries(root, cachedReader(this.pages.read)).map(({ name, entry }) => this.read(name, entry));
    if (this.byRoot.size >= rememberedRoots) this.byRoot.delete([...this.byRoot.keys()][0] ?? root.sha256);
    this.byRoot.set(root.sha256, records);
    return records;
  }

  private read(name: string, { object }: FileEntry): PackageRecord {
    const known = this.byObject.get(object);
    if (known?.name === name) return known;
    const record = parsePackage(name, readFileSync(this.objects.checked(object).file, 'utf8'));
    if (this.byObject.size >= rememberedRecords) this.byObject.clear();
    this.byObject.set(object, record);
    return record;
  }
}

/** Where the records stand in a manifest. Reads the pages that have them, not those of the files of packages. */
export function recordEntries(root: PageRef, read: ReadPage): { readonly name: string; readonly entry: FileEntry }[] {
  const found: { name: string; entry: FileEntry }[] = [];
  for (const { type, path: name } of listFolder(root, '', read)) {
    const entry = type === 'folder' ? findEntry(root, `${name}/${recordName}`, read) : undefined;
    if (entry?.type === 'file') found.push({ name, entry });
  }
  return found;
}
