import { DepotError } from '../model/errors.js';
import { compose } from '../publish/compose.js';
import { composePackage } from '../publish/compose-package.js';
import { encodeChanges } from '../publish/encode-changes.js';
import { packageDifference } from '../publish/package-difference.js';
import { findUnread } from '../publish/read-changed.js';
import { readFiles } from '../publish/read-files.js';
import { closeSurvey, openSurvey, surveyPart } from '../publish/survey-jobs.js';
import { freeze } from '../publish/work-copy.js';
import { makeBundle } from '../serve/bundles.js';
import { makeDifference } from '../serve/differences.js';
import { findOffers } from '../serve/offers.js';
import { takeReport } from '../serve/reports.js';
import { completeUnits, recountUnits } from '../store/complete-units.js';
import { fillFolder } from '../store/fill-folder.js';
import { collect, planGc } from '../store/gc.js';
import type { Job } from '../store/job.js';
import { keepObjects } from '../store/keep-objects.js';
import { relist } from '../store/rebuild.js';
import { makeEncoding } from '../store/make-encoding.js';
import { rehash } from '../store/rehash.js';
import { verify } from '../store/verify.js';
import { applyPackages } from '../sync/apply-packages-job.js';
import { applyTree, finishSwitches } from '../sync/apply-job.js';
import { admitManifest, keepPages, takeDifferenceJob } from '../sync/manifest-jobs.js';
import { decodeObject } from '../sync/decode-job.js';
import { dropBegun } from '../sync/drop-begun.js';
import { planRoutes, previewRoutes } from '../sync/foretell-job.js';
import { surveyLeftPlan, surveyLeftUnits } from '../sync/left-job.js';
import { adoptPlan, endPlan, previewPlan } from '../sync/plan-job.js';
import { adoptUnits, largeOfUnits, surveyUnits } from '../sync/units-job.js';
import { previewUnits } from '../sync/units-preview-job.js';
import { unpackObjects } from '../sync/unpack-job.js';
import { prepareTree } from '../sync/prepare-job.js';
import { mendTree, releaseHold, restoreTree } from '../sync/restore-job.js';

/** All work that worker threads do; a job travels to its thread by name. */
const jobs = [
  admitManifest,
  adoptPlan,
  adoptUnits,
  applyPackages,
  applyTree,
  closeSurvey,
  collect,
  completeUnits,
  compose,
  composePackage,
  decodeObject,
  dropBegun,
  encodeChanges,
  endPlan,
  fillFolder,
  findOffers,
  findUnread,
  finishSwitches,
  freeze,
  keepObjects,
  keepPages,
  largeOfUnits,
  makeBundle,
  makeDifference,
  makeEncoding,
  mendTree,
  packageDifference,
  openSurvey,
  planGc,
  planRoutes,
  prepareTree,
  previewPlan,
  previewRoutes,
  previewUnits,
  readFiles,
  recountUnits,
  rehash,
  releaseHold,
  relist,
  restoreTree,
  surveyLeftPlan,
  surveyLeftUnits,
  surveyPart,
  surveyUnits,
  takeDifferenceJob,
  takeReport,
  unpackObjects,
  verify,
];

const byName = new Map(jobs.map((job) => [job.name, job as unknown as Job<unknown, unknown>]));

export function findJob(name: string): Job<unknown, unknown> {
  const job = byName.get(name);
  if (job === undefined) throw new DepotError('internal', `no job is called ${name}`);
  return job;
}
