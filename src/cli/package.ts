import { Command } from 'commander';
import { createCommand, deleteCommand, editCommand } from './package-edit.js';
import { exportCommand } from './package-export.js';
import { importCommand } from './package-import.js';
import { listCommand, showCommand } from './package-list.js';
import { prepareCommand, publishCommand } from './package-prepare.js';
import { distributeCommand, releaseCommand, retireCommand, revokeCommand } from './package-release.js';
import { readinessCommand } from './package-status.js';
import type { Program } from './request.js';

/** Packages with revisions, at their master depot. */
export function packageCommand(program: Program): Command {
  const make = [
    ...[listCommand, showCommand, readinessCommand, createCommand, editCommand, prepareCommand, distributeCommand],
    ...[releaseCommand, publishCommand, revokeCommand, retireCommand, importCommand, exportCommand, deleteCommand],
  ];
  const group = new Command('package').description('packages with revisions, at the depot where they are published');
  for (const command of make) group.addCommand(command(program));
  return group;
}
