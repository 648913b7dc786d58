import type { PackageRecord } from '../model/package.js';
import type { PackageStatus } from '../model/package-status.js';
import { stateOf } from '../model/revisions.js';

/** A record as people see it. */
export function packageStatus<Work extends string | null>(
  repository: string,
  work: Work,
  record: PackageRecord,
  nowMs: number,
): PackageStatus<Work> {
  const { name, type, title, vendor, version, compress, delta, keep, priority, targets, revisions, releases } = record;
  return {
    repository,
    name,
    type,
    title,
    vendor,
    version,
    compress,
    delta,
    keep,
    priority,
    targets,
    work,
    revisions: revisions.map((revision) => ({
      revision: revision.revision,
      state: stateOf(record, revision, nowMs),
      version: revision.version,
      note: revision.note,
      preparedAt: revision.preparedAt,
      files: revision.files,
      bytes: revision.bytes,
      manifest: revision.manifest.sha256,
    })),
    releases: releases.map(({ revision, at, ring, urgent }) => ({
      revision,
      at,
      scheduled: Date.parse(at) > nowMs,
      ring,
      urgent,
    })),
  };
}
