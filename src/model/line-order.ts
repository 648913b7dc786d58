import * as z from 'zod';
import type { Rate } from './rate.js';

/** What a person said about the line, in place of the windows. */
export interface LineOrder {
  readonly rate: Rate;
  /** Milliseconds since 1970; null: until it is taken back. */
  readonly untilMs: number | null;
}

export const rateShape = z.union([z.number().positive(), z.literal('unlimited'), z.literal('closed')]);

export const lineOrderShape = z.object({ rate: rateShape, untilMs: z.number().int().nullable() });
