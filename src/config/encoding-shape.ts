import { percentage, size } from './leaves.js';
import { mapping, wholeNumber } from './mapping.js';

const MiB = 1024 ** 2;

/** Of zstd; those beyond 19 take gigabytes of memory. */
const level = wholeNumber(19, 1);

/** What the processors of a depot do so that less travels. */
export const encodingShape = mapping(
  {
    level: level
      .prefault(9)
      .describe('How hard zstd tries with files of up to 64 MiB: from 1, the quickest, to 19, the smallest.'),
    'level-large': level.prefault(6).describe('The same for larger files.'),
    'on-demand': mapping(
      {
        cpu: percentage(400)
          .prefault('50%')
          .describe(
            'Of one processor, over an hour: 50% is half an hour of its time. When that is used up, depots below are given ' +
              'what there is. 0%: nothing is made.',
          ),
      },
      'allowed: { cpu: PERCENTAGE }, such as { cpu: 25% }',
    )
      .prefault({})
      .describe('What is compressed, or made a delta, only when a depot below asks for it.'),
    memory: size(256 * MiB, 64 * 1024 * MiB, 'MiB or GiB, such as 1GiB')
      .prefault('1GiB')
      .describe(
        'What all that compress or make deltas of large files have together at the same time: one takes up to 264 MiB, ' +
          'and waits for others where there is less left.',
      ),
  },
  'allowed: a mapping with level, level-large, on-demand, memory',
);
