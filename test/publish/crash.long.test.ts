import { it } from 'vitest';
import { killAndPublish } from './crash.js';

it('a publish that is killed before or after any write is made up for by the next one', () => killAndPublish(1));
