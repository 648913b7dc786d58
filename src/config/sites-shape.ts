import * as z from 'zod';
import { pollEvery, siteForm } from './leaves.js';
import { mapping } from './mapping.js';
import { siteNetworkShape } from './network-shape.js';

const siteRule = 'allowed: a mapping with network, poll';

/** Settings for all depots at a site and below, by site. The sites themselves are checked with what else must agree. */
export const sitesShape = z
  .record(
    z.string(),
    mapping(
      {
        network: siteNetworkShape
          .describe('The line of each depot of the site: at every moment the stricter of this and its own file counts.')
          .optional(),
        poll: mapping(
          { every: pollEvery.describe('No depot of the site polls more often than this.') },
          'allowed: { every: TIME }, such as { every: 30m }',
        )
          .describe('When the depots of the site ask their parents.')
          .optional(),
      },
      siteRule,
    ),
    { error: 'allowed: sites with their settings, such as { enterprise/germany: { poll: { every: 30m } } }' },
  )
  .meta({ propertyNames: { pattern: siteForm.source } });
