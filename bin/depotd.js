#!/usr/bin/env node
import { runDaemon } from '../dist/daemon/main.js';
import { exitCodeOf } from '../dist/cli/exit-codes.js';

const error = await runDaemon(process.argv, process.env);
if (error !== undefined) {
  process.stderr.write(`depotd: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`);
  if (error.code === 'internal' && error.cause instanceof Error) process.stderr.write(`${error.cause.stack}\n`);
  process.exitCode = exitCodeOf(error.code);
}
