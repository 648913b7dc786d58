export const defaultConfigPath = '/etc/depotd/depot.yaml';

/** Where the configuration is: the option, else the environment, else the usual place. */
export function configPath(option: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  return option ?? (env['DEPOT_CONFIG'] || defaultConfigPath);
}
