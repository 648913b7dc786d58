/**
 * The tables, as steps: `PRAGMA user_version` counts those that a catalogue has taken. A step that was shipped is never
 * changed. Hashes are BLOBs of 32 bytes, times integers (milliseconds, or microseconds where the name says `_us`).
 */
export const migrations: readonly string[] = [
  `
  -- Facts of the catalogue itself, by name.
  CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  -- Objects that are held: a row says that the file is whole and durable. The stat is that of the inode when it was hashed.
  CREATE TABLE objects (
    sha256 BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ms INTEGER NOT NULL, ctime_us INTEGER NOT NULL,
    executable INTEGER NOT NULL, used_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- Batches of objects on their way into objects/: files that have no row yet, that may not be whole after a crash, and that
  -- no collection may take for strays. The hashes stand one behind the other.
  CREATE TABLE admissions (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
  -- Which repository's retained manifests reference an object, held or not.
  CREATE TABLE membership (repository TEXT NOT NULL, sha256 BLOB NOT NULL, PRIMARY KEY (repository, sha256))
    STRICT, WITHOUT ROWID;

  -- Pages that were found missing or damaged below a page that is here: until they are back, that page does not stand for
  -- its subtree.
  CREATE TABLE broken_pages (sha256 BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TABLE heads (
    repository TEXT NOT NULL, generation INTEGER NOT NULL, bytes BLOB NOT NULL, seen_ms INTEGER NOT NULL,
    complete TEXT, PRIMARY KEY (repository, generation)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE approved_epochs (repository TEXT PRIMARY KEY, epoch TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- An installation copy: what it shows, and what it is being switched to. Either half is null as a whole.
  CREATE TABLE trees (
    repository TEXT PRIMARY KEY,
    generation INTEGER, root BLOB, root_length INTEGER, selection TEXT, files INTEGER, bytes INTEGER,
    next_generation INTEGER, next_root BLOB, next_root_length INTEGER, next_selection TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE children (
    child TEXT PRIMARY KEY, site TEXT NOT NULL, hash BLOB, demands TEXT NOT NULL, heard_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- Which generation each child may be fetching.
  CREATE TABLE fetches (
    child TEXT NOT NULL, repository TEXT NOT NULL, generation INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (child, repository)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE reports (
    depot TEXT PRIMARY KEY, via TEXT NOT NULL, at_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, row TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE cycles (
    id INTEGER PRIMARY KEY, repository TEXT NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL, from_generation INTEGER, to_generation INTEGER, added_files INTEGER NOT NULL,
    replaced_files INTEGER NOT NULL, deleted_files INTEGER NOT NULL, fetched_files INTEGER NOT NULL,
    fetched_bytes INTEGER NOT NULL, error TEXT
  ) STRICT;
  CREATE INDEX cycles_by_repository ON cycles (repository, id);
  CREATE TABLE polls (
    repository TEXT NOT NULL, parent TEXT NOT NULL, at_ms INTEGER NOT NULL, outcome TEXT NOT NULL, error TEXT,
    PRIMARY KEY (repository, parent)
  ) STRICT, WITHOUT ROWID;

  -- What the plans under way fetch. The newest ready plan of a repository is in force; others are leftovers.
  CREATE TABLE plans (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repository TEXT NOT NULL, generation INTEGER NOT NULL, ready INTEGER NOT NULL,
    files INTEGER NOT NULL, bytes INTEGER NOT NULL, done_files INTEGER NOT NULL, done_bytes INTEGER NOT NULL
  ) STRICT;
  -- What travels in one request: its objects as JSON, in the order of the plan.
  CREATE TABLE shipments (
    id INTEGER PRIMARY KEY, plan INTEGER NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL,
    done_files INTEGER NOT NULL DEFAULT 0, done_bytes INTEGER NOT NULL DEFAULT 0, objects TEXT NOT NULL
  ) STRICT;
  CREATE INDEX shipments_in_order ON shipments (plan, id);

  CREATE TABLE holds (
    id TEXT PRIMARY KEY, repository TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, files INTEGER NOT NULL,
    bytes INTEGER NOT NULL, generation INTEGER NOT NULL, epoch TEXT, since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE hold_paths (hold TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (hold, path))
    STRICT, WITHOUT ROWID;

  CREATE TABLE damage (repository TEXT NOT NULL, sha256 BLOB NOT NULL, PRIMARY KEY (repository, sha256))
    STRICT, WITHOUT ROWID;

  CREATE TABLE sources (
    repository TEXT PRIMARY KEY, path TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,
    filesystem TEXT NOT NULL, mounts TEXT NOT NULL, scanned_ms INTEGER NOT NULL, files INTEGER NOT NULL,
    held_back TEXT NOT NULL, held_back_count INTEGER NOT NULL, settled BLOB
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE source_files (
    repository TEXT NOT NULL, path TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL, mtime_us INTEGER NOT NULL,
    ctime_us INTEGER NOT NULL, inode INTEGER NOT NULL, executable INTEGER NOT NULL, target TEXT, object BLOB, problem TEXT,
    PRIMARY KEY (repository, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX source_problems ON source_files (repository, path) WHERE problem IS NOT NULL;
  -- Paths at which the index and the manifest whose root is sources.settled may differ. They agree at all others; where
  -- none is settled nothing is noted, since all is compared.
  CREATE TABLE source_changes (repository TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (repository, path))
    STRICT, WITHOUT ROWID;
  CREATE TRIGGER source_file_put AFTER INSERT ON source_files
    WHEN EXISTS (SELECT 1 FROM sources WHERE repository = NEW.repository AND settled IS NOT NULL)
    BEGIN INSERT OR IGNORE INTO source_changes VALUES (NEW.repository, NEW.path); END;
  CREATE TRIGGER source_file_dropped AFTER DELETE ON source_files
    WHEN EXISTS (SELECT 1 FROM sources WHERE repository = OLD.repository AND settled IS NOT NULL)
    BEGIN INSERT OR IGNORE INTO source_changes VALUES (OLD.repository, OLD.path); END;
  CREATE TRIGGER source_file_read AFTER UPDATE OF object ON source_files
    WHEN OLD.object IS NOT NULL AND OLD.object IS NOT NEW.object
      AND EXISTS (SELECT 1 FROM sources WHERE repository = NEW.repository AND settled IS NOT NULL)
    BEGIN INSERT OR IGNORE INTO source_changes VALUES (NEW.repository, NEW.path); END;

  INSERT INTO facts VALUES ('references', 0), ('relist', 0);
  `,
  `
  -- Depots below that came back with a certificate that was over.
  CREATE TABLE rejoins (
    depot TEXT PRIMARY KEY, site TEXT NOT NULL, at_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Package revisions of which all objects are held; the manifest is that of the revision's files alone.
  CREATE TABLE units (
    repository TEXT NOT NULL, package TEXT NOT NULL, revision INTEGER NOT NULL, manifest BLOB NOT NULL,
    PRIMARY KEY (repository, package, revision)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- How many bytes came in how much time of fetching, by the rate that was set: a number of bytes a second, or unlimited.
  CREATE TABLE throughput (rate TEXT PRIMARY KEY, bytes INTEGER NOT NULL, ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  -- Windows that closed, one after the other, while something of a repository was still to come.
  CREATE TABLE missed_windows (
    repository TEXT PRIMARY KEY, windows INTEGER NOT NULL, closed_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What a plan and each shipment bring over the line, at most, and by which route the object of one comes, as JSON.
  ALTER TABLE plans ADD COLUMN wire INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE plans ADD COLUMN done_wire INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE shipments ADD COLUMN wire INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE shipments ADD COLUMN done_wire INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE shipments ADD COLUMN route TEXT;
  UPDATE plans SET wire = bytes, done_wire = done_bytes;
  UPDATE shipments SET wire = bytes, done_wire = done_bytes;
  `,
];
