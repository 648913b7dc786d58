import { Command } from 'commander';
import { DepotError } from '../model/errors.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program, type Request } from './request.js';

export function versionCommand(program: Program): Command {
  return new Command('version')
    .description('the versions of this command and of the daemon that runs')
    .action(async (_options: object, command: Command) => {
      const request = requestOf(program, command);
      const daemon = await daemonVersion(request);
      const { version } = program;
      if (request.json) return printJson(request.terminal, { version, daemon, node: process.versions.node });
      const lines = [`depot ${version}, Node ${process.versions.node}`];
      lines.push(daemon === null ? 'no daemon that this command can reach is running' : `depotd ${daemon} is running`);
      if (daemon !== null && daemon !== version)
        lines.push('they differ; restart the service: systemctl restart depotd');
      await printProse(request.terminal, lines);
    });
}

/** Null where none can be asked, whatever the reason: this command works on a machine where nothing is set up yet. */
async function daemonVersion(request: Request): Promise<string | null> {
  try {
    return (await (await daemonOf(request)).status({ tree: false })).version;
  } catch (error) {
    if (error instanceof DepotError) return null;
    throw error;
  }
}
