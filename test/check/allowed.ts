/**
 * What `npm run check` would call unused and is not, by the key that it prints, with the reason. An entry that no longer
 * matches anything fails the check too.
 */
export const allowed: Readonly<Record<string, string>> = {
  'src/store/job.ts inlineJobs': 'tests run jobs in their own thread, where a failure keeps its stack',
};
