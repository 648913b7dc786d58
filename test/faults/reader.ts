import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Reads the files of an installation copy again and again, in a process of its own, and holds each against what a table
 * says may be in it. Ends with its standard input, and says then what it saw.
 */

/** What the files of all versions so far hold: by path, hashes in hexadecimal. */
type Table = Readonly<Record<string, readonly string[]>>;

const [tree = '', tableFile = ''] = process.argv.slice(2);
let isWanted = true;
process.stdin.resume().once('end', () => (isWanted = false));

let table = await readTable();
const seen = { files: 0, problems: [] as string[] };
while (isWanted) {
  for (const path of Object.keys(table)) {
    if (!isWanted) break;
    const content = await read(join(tree, path));
    if (content === undefined) continue;
    seen.files += 1;
    if (seen.files % 20 === 0) await delay(5);
    const hash = createHash('sha256').update(content).digest('hex');
    if (table[path]?.includes(hash) === true) continue;
    table = await readTable();
    if (table[path]?.includes(hash) !== true) seen.problems.push(`${path} had ${content.length} bytes of no version`);
  }
  table = await readTable();
  await delay(5);
}
process.stdout.write(JSON.stringify(seen));

async function readTable(): Promise<Table> {
  return JSON.parse(await readFile(tableFile, 'utf8')) as Table;
}

/** Undefined where no file stands at the path now. */
async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(String(error.code))) {
      return undefined;
    }
    throw error;
  }
}
