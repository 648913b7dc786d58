import { it } from 'vitest';
import { killChild, killMaster } from './kills.js';

it('a child that is killed at 50 moments of a cycle shows whole files, serves whole sets, and gets there', () =>
  killChild(50));

it('a master depot that is killed 50 times while it publishes makes up for it, and no number names two states', () =>
  killMaster(50));
