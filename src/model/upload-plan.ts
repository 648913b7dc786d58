import * as z from 'zod';
import { rateShape } from './line-order.js';
import { windowsOf } from './site-settings.js';
import type { Windows } from './windows.js';
import { isZone } from './zone.js';

/** What a depot gives to those below it, as it tells them, so that they can reckon with it. */
export interface UploadPlan {
  /** Of all of them together. */
  readonly windows: Windows;
  readonly eachChild: z.infer<typeof rateShape>;
}

const zone = z.string().max(64).refine(isZone, 'not a time zone that is known here');
/** Nobody signs a plan, and a forecast reckons with each window on every day that it looks ahead. */
const mostWindows = 50;
const own = z.object({ zone, list: windowsOf(mostWindows), otherwise: rateShape });

export const uploadPlanShape: z.ZodType<UploadPlan> = z.object({
  windows: own
    .extend({ within: own.optional() })
    .transform(({ within, ...rest }) => (within ? { ...rest, within } : rest)),
  eachChild: rateShape,
});

/** The same as windows: the most that one child gets at each moment. Undefined where nothing limits it. */
export function mostOfChild({ windows, eachChild }: UploadPlan): Windows | undefined {
  if (eachChild === 'unlimited') return isFree(windows) ? undefined : windows;
  const each = { zone: windows.zone, list: [], otherwise: eachChild };
  return boundedBy(windows, each);
}

/** Windows that lie within others besides what they lie within already. */
export function boundedBy(windows: Windows, bound: Windows): Windows {
  return { ...windows, within: windows.within === undefined ? bound : boundedBy(windows.within, bound) };
}

function isFree({ list, otherwise, within }: Windows): boolean {
  return list.length === 0 && otherwise === 'unlimited' && (within === undefined || isFree(within));
}
