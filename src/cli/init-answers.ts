import { stringify } from 'yaml';
import { ConfigError } from '../config/problems.js';
import { parseSettings, type Settings } from '../config/settings.js';

/** What `depot init` was told, by options or by a person; undefined where it was not told yet. */
export interface Answers {
  readonly depot?: string;
  readonly site?: string;
  readonly listen?: string;
  readonly data?: string;
  /** An empty list: an origin. */
  readonly parent?: readonly string[];
  /** An empty text: nothing is published here. */
  readonly repository?: string;
  readonly source?: string;
  readonly context?: string;
  /** Not asked for: what the company's own PKI issued. */
  readonly certificate?: { readonly file: string; readonly key: string };
}

export type Question = Exclude<keyof Answers, 'certificate'>;

export interface AnswerProblem {
  readonly question: Question;
  /** What was found and what is allowed. */
  readonly message: string;
}

/** What is wrong with the answers, missing ones included, in the order of the file. The rules are those of the file. */
export function answerProblems(answers: Answers): AnswerProblem[] {
  try {
    answeredSettings(answers, 'depot.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => ({ question: questionOf(path), message }));
  }
}

/** @throws ConfigError */
export function answeredSettings(answers: Answers, file: string): Settings {
  const { depot, site, listen, data, parent, repository, source, context, certificate } = answers;
  const mirror = { kind: 'mirror', context, source, exclude: ['**/.DS_Store', '**/Thumbs.db'] };
  const written = {
    depot,
    site,
    listen,
    data,
    ...(certificate === undefined ? {} : { certificate }),
    ...(parent !== undefined && parent.length > 0 ? { parent } : {}),
    ...(repository ? { repositories: { [repository]: mirror } } : {}),
  };
  return parseSettings(stringify(written), file);
}

function questionOf(path: string): Question {
  const [top = '', ...below] = path.split(/[.[]/);
  if (top !== 'repositories')
    return (['depot', 'site', 'listen', 'data', 'parent'] as const).find((key) => key === top) ?? 'depot';
  const last = below.at(-1);
  return last === 'source' || last === 'context' ? last : 'repository';
}
