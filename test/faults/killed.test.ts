import { it } from 'vitest';
import { killChild, killMaster } from './kills.js';

/** Of a machine that does other work too. */
const timeout = 240_000;

it(
  'a child that is killed at any moment of a cycle shows whole files, serves whole sets, and gets there',
  { timeout },
  () => killChild(8),
);

it(
  'a master depot that is killed while it publishes makes up for it, and no number names two states',
  { timeout },
  () => killMaster(3),
);
