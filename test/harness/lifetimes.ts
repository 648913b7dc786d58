import type { Lifetimes } from '../../src/trust/sign.js';

const dayMs = 24 * 60 * 60 * 1000;

/** Those that a configuration has where it says nothing of them. */
export const usualLifetimes: Lifetimes = { rootMs: 730 * dayMs, targetsMs: 90 * dayMs, timestampMs: 30 * dayMs };

/** How long after its end a certificate can still be renewed where `depot ca init` is told nothing of it. */
export const usualGraceMs = 90 * dayMs;
