import type { ConnectorType } from "../connector/index.ts";
import { SottoError } from "../errors.ts";
import { connectorFaults } from "./connectors.ts";
import { type ConfigSource, sourceOf } from "./data-directory.ts";
import { readEnvironment } from "./environment.ts";
import { absoluteEvacuate } from "./evacuate.ts";
import { type Fault, routeFaults, schemaFaults, secretFaults } from "./faults.ts";
import { type ConfigFile, configSchema } from "./schema.ts";
import { placeOf, requireCredentials } from "./secrets.ts";
import { merged, partAt, plain, readWritten, scalarsIn, type Written } from "./written.ts";

/** The config with every path absolute. */
export interface Config extends ConfigFile {
  /** The first of `files`. */
  path: string;
  /** The files that it came from. */
  files: readonly string[];
  /**
   * Makes a path in a connector's settings absolute: a relative one begins in the folder of the file that says it, and
   * `credential:NAME` is a systemd credential. Throws `SECRET_UNREADABLE` where there are no credentials.
   */
  pathOf(connector: string, written: string): string;
}

export interface LoadOptions {
  /** What the settings of `connectors` are checked against. They stay as they are written: their types read them. */
  connectorTypes?: readonly ConnectorType[];
}

/**
 * Reads the files and the environment as one.
 *
 * @throws SottoError `CONFIG_NOT_FOUND`; `CONFIG_INVALID` with a line for each fault: file, line and key, or the variable
 */
export function loadConfig(source: string | ConfigSource, options: LoadOptions = {}): Config {
  return readConfig(source, options).config;
}

/** The config, and the same as it is written. */
export function readConfig(
  source: string | ConfigSource,
  { connectorTypes }: LoadOptions,
): { config: Config; whole: Written } {
  const { files, environment } = sourceOf(source);
  const { said, faults } = readEnvironment(configSchema, environment);
  const whole = [...files.map(readWritten), ...said].reduce(merged);
  const result = configSchema.safeParse(plain(whole));
  if (!result.success) faults.push(...schemaFaults(configSchema, result.error, whole));
  if (connectorTypes) faults.push(...connectorFaults(whole, connectorTypes));
  faults.push(...routeFaults(whole), ...secretFaults(whole));
  if (!result.success || faults.length > 0) throw invalid(faults);
  return { config: absolute(result.data, files, whole, environment), whole };
}

const invalid = (faults: readonly Fault[]): SottoError =>
  new SottoError("CONFIG_INVALID", faults.map(({ where, message }) => `${where}: ${message}`).join("\n"));

function absolute(
  file: ConfigFile,
  files: readonly string[],
  whole: Written,
  environment: NodeJS.ProcessEnv,
): Config {
  const at = (written: string, ...path: string[]): string =>
    placeOf(written, partAt(whole, path).folder, environment);
  const { accessTokenFile, passwordFile, ...account } = file.account;
  return {
    ...file,
    path: files[0]!,
    files,
    data: at(file.data, "data"),
    storeKeyFile: at(file.storeKeyFile, "storeKeyFile"),
    ...(file.caFile ? { caFile: at(file.caFile, "caFile") } : {}),
    ...(file.policy ? { policy: at(file.policy, "policy") } : {}),
    ...(file.waivers ? { waivers: at(file.waivers, "waivers") } : {}),
    ...(file.baseline ? { baseline: at(file.baseline, "baseline") } : {}),
    ...(file.patrol ? { patrol: patrolAt(file.patrol, (written, key) => at(written, "patrol", key)) } : {}),
    evacuate: absoluteEvacuate(file.evacuate, at),
    ...(file.listen?.includes("/") ? { listen: at(file.listen, "listen") } : {}),
    account: {
      ...account,
      accessTokenFile: at(accessTokenFile, "account", "accessTokenFile"),
      ...(passwordFile ? { passwordFile: at(passwordFile, "account", "passwordFile") } : {}),
    },
    pathOf(connector, written) {
      const said = [...scalarsIn(partAt(whole, ["connectors", connector]))];
      const { folder } = said.findLast(({ part }) => part.value === written)?.part ?? whole;
      const path = placeOf(written, folder, environment);
      requireCredentials(path);
      return path;
    },
  };
}

function patrolAt(
  { adminTokenFile, homeserverConfig, logConfig, ...patrol }: NonNullable<ConfigFile["patrol"]>,
  at: (written: string, key: string) => string,
): NonNullable<ConfigFile["patrol"]> {
  return {
    ...patrol,
    ...(adminTokenFile && { adminTokenFile: at(adminTokenFile, "adminTokenFile") }),
    ...(homeserverConfig && {
      homeserverConfig: homeserverConfig.map((file) => at(file, "homeserverConfig")),
    }),
    ...(logConfig && { logConfig: at(logConfig, "logConfig") }),
  };
}
