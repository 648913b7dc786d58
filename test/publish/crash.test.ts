import { it } from 'vitest';
import { killAndPublish } from './crash.js';

// crash.long.test.ts kills it at each write.
it('a publish that is killed is made up for by the next one, and no generation is used twice', () => killAndPublish(5));
