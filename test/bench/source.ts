import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/model/sha256.js';

const filesAFolder = 1000;

/** Files of 100 bytes, a thousand a folder (`d0000/file0000.txt` and so on). Each is unlike every other. */
export function writeSource(root: string, files: number): void {
  for (let at = 0; at < files; at += 1) {
    if (at % filesAFolder === 0) mkdirSync(join(root, folderOf(at)), { recursive: true });
    writeVersion(root, at, 1);
  }
}

export function writeVersion(root: string, at: number, version: number): void {
  const path = pathOf(at);
  const text = sha256(`${path} ${version}`) + sha256(`${version} ${path}`).slice(0, 35);
  writeFileSync(join(root, path), `${text}\n`);
}

/** Of each hundred files edits one, deletes one, and moves one to another folder under another name. */
export function scatterChanges(root: string, files: number): void {
  const moved = 'moved';
  mkdirSync(join(root, moved));
  for (let at = 0; at < files; at += 100) {
    writeVersion(root, at + 17, 2);
    rmSync(join(root, pathOf(at + 41)));
    renameSync(join(root, pathOf(at + 73)), join(root, moved, pathOf(at + 73).replace('/', '-')));
  }
}

function pathOf(at: number): string {
  return `${folderOf(at)}/file${String(at % filesAFolder).padStart(4, '0')}.txt`;
}

function folderOf(at: number): string {
  return `d${String(Math.floor(at / filesAFolder)).padStart(4, '0')}`;
}
