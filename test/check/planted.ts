import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../harness/temporary.js';
import { tree, type Tree } from '../harness/tree.js';

export const project = fileURLToPath(new URL('../..', import.meta.url));

/** A small project with these files, and the compiler settings and packages of the real one. */
export async function planted(files: Tree): Promise<string> {
  const root = await temporaryFolder();
  await symlink(join(project, 'node_modules'), join(root, 'node_modules'));
  await mkdir(join(root, 'test'));
  for (const file of ['package.json', 'tsconfig.json', 'test/tsconfig.json']) {
    await copyFile(join(project, file), join(root, file));
  }
  await tree(root, files);
  return root;
}
