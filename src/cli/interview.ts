import { hostname } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { meantName } from '../config/leaves.js';
import { defaultData, defaultListen } from '../config/shape.js';
import { DepotError } from '../model/errors.js';
import { answerProblems, type Answers, type Question } from './init-answers.js';
import { safe } from './words.js';

/** Where questions are put, and answered line by line. */
export interface Keyboard {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

interface Asked {
  readonly question: Question;
  readonly text: string;
  /** What Return stands for, as it is shown; undefined where an answer must be given. */
  readonly usual: (answers: Answers) => string | undefined;
}

const none = 'none';

/** In an order in which each answer can be judged by those before. */
const questions: readonly Asked[] = [
  { question: 'depot', text: 'Name of this depot', usual: () => meantName(hostname().split('.')[0] ?? '') },
  {
    question: 'site',
    text: 'Where it stands, from the company down, such as enterprise/germany/munich',
    usual: () => undefined,
  },
  { question: 'listen', text: 'Where it listens', usual: () => defaultListen },
  { question: 'data', text: 'Folder where it keeps everything', usual: () => defaultData },
  { question: 'parent', text: 'URL of its parent, or several; none for an origin', usual: () => none },
  { question: 'repository', text: 'Name of a repository that is published here', usual: () => none },
  { question: 'source', text: 'Folder that is published', usual: () => undefined },
  {
    question: 'context',
    text: 'Site that gets it, with all sites below',
    usual: ({ site }) => site?.split('/')[0],
  },
];

/**
 * Asks whatever is not answered yet. An answer that does not do, or not together with those before, is explained and
 * asked for again.
 * @throws DepotError `interrupted` on Ctrl-C, at the end of the input, and when the signal is aborted
 */
export async function interview(
  given: Answers,
  keyboard: Keyboard,
  file: string,
  signal: AbortSignal,
): Promise<Answers> {
  const { input, output } = keyboard;
  const reader = createInterface({ input, output, terminal: output.isTTY === true, signal });
  const lines = reader[Symbol.asyncIterator]();
  let isEnded = false;
  reader.once('close', () => (isEnded = true));
  let answers = given;
  try {
    output.write(`This writes ${safe(file)}. Return takes what stands in brackets; Ctrl-C writes nothing.\n\n`);
    for (const asked of questions) {
      while (isOpen(asked.question, answers)) {
        const usual = asked.usual(answers);
        const prompt = `${asked.text}${usual === undefined ? '' : ` [${usual}]`}: `;
        reader.setPrompt(prompt);
        // Answers from a file are all read, and the reader closed, before the first is taken.
        if (isEnded) output.write(prompt);
        else reader.prompt();
        const line = await lines.next();
        if (line.done === true) {
          output.write('\n');
          throw new DepotError('interrupted', 'stopped before the last answer; nothing was written', {
            retry: 'never',
          });
        }
        const attempt = { ...answers, ...answer(asked.question, line.value.trim() || (usual ?? '')) };
        const problems = answerProblems(attempt).filter(({ question }) => attempt[question] !== undefined);
        for (const { question, message } of problems) {
          output.write(`  ${question === asked.question ? '' : `${question}: `}${message}\n`);
        }
        if (problems.length === 0) answers = attempt;
      }
    }
    return answers;
  } finally {
    reader.close();
  }
}

function isOpen(question: Question, answers: Answers): boolean {
  const nothingPublished = !answers.repository && (question === 'source' || question === 'context');
  return answers[question] === undefined && !nothingPublished;
}

function answer(question: Question, text: string): Answers {
  if (question === 'parent') return { parent: text === none ? [] : text.split(/[\s,]+/) };
  if (question === 'repository') return { repository: text === none ? '' : text };
  return { [question]: text };
}
