import { parseConfiguration, type Configuration } from './configuration.js';

/**
 * The only place that reads the environment. `overrides` are what a command decided (a demo's clock and folder).
 * @throws ConfigurationError naming every variable that is wrong
 */
export function readConfiguration(overrides: Record<string, string> = {}): Configuration {
  return parseConfiguration({ ...process.env, ...overrides });
}

export const CONFIGURATION = Symbol('CONFIGURATION');
