import { accessSync, constants, readFileSync, type Stats, statSync } from "node:fs";
import {
  type Config,
  type ConfigSource,
  isCredential,
  isOutOfReach,
  loadConfig,
  readAccessToken,
  readSecret,
  readStoreKey,
} from "../config/index.ts";
import type { ConnectorType } from "../connector/index.ts";
import { SottoError, toSottoError } from "../errors.ts";
import { fail, type Verdict, warn } from "./check.ts";
import { channelsIn, look } from "./evacuate/channels.ts";
import { isReadByOthers } from "./private-file.ts";

/** One thing that is wrong with a config, or may be. */
export interface Finding {
  severity: "error" | "warning";
  /** The config's key, where a file that it names is meant. */
  key?: string;
  message: string;
  cure?: string;
}

/**
 * Reads the config as `sotto run` would, and looks at the files that it names. Changes nothing and asks nobody.
 *
 * @throws SottoError `CONFIG_NOT_FOUND`
 */
export async function checkConfig(
  source: ConfigSource,
  connectorTypes: readonly ConnectorType[],
): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig(source, { connectorTypes });
  } catch (thrown) {
    if (!(thrown instanceof SottoError && thrown.code === "CONFIG_INVALID")) throw thrown;
    return thrown.message.split("\n").map((message) => ({ severity: "error", message }));
  }
  return checkFiles(config);
}

/** What is wrong with the files and folders that a config names, and with its own. */
export async function checkFiles(config: Config): Promise<Finding[]> {
  const { accessTokenFile, passwordFile } = config.account;
  return [
    ...config.files.flatMap(checkConfigFile),
    ...checkData(config.data),
    ...checkSecret("storeKeyFile", config.storeKeyFile, () => readStoreKey(config)),
    ...checkSecret("account.accessTokenFile", accessTokenFile, () => readAccessToken(config)),
    ...(passwordFile ? checkSecret("account.passwordFile", passwordFile, readSecret) : []),
    ...(passwordFile && isCredential(accessTokenFile) ? [uselessPassword] : []),
    ...(config.caFile ? checkCertificates(config.caFile) : []),
    ...(config.patrol?.adminTokenFile
      ? checkSecret("patrol.adminTokenFile", config.patrol.adminTokenFile, readSecret)
      : []),
    ...(await checkHeldTo(config)),
    ...Object.entries(config.connectors).flatMap(([name, settings]) =>
      filesIn(settings, `connectors.${name}`).flatMap(({ key, written }) =>
        checkSecret(key, written, readSecret, () => config.pathOf(name, written)),
      ),
    ),
    ...(await checkEvacuate(config.evacuate)),
  ];
}

/** For `sotto doctor`, which looks at the store key and the access token by itself. */
export async function verdictOnFiles(config: Config): Promise<Verdict> {
  const found = (await checkFiles(config)).filter(({ key }) => !LOOKED_AT.includes(key ?? ""));
  if (found.length === 0) return "what the config names is there, and closed to others";
  const message = found.map(({ key, message }) => (key ? `${key}: ${message}` : message)).join("\n");
  const cures = found.map(({ cure }) => cure).join("\n");
  return (found.some(({ severity }) => severity === "error") ? fail : warn)(message, cures);
}

const LOOKED_AT = ["storeKeyFile", "account.accessTokenFile"];

const uselessPassword: Finding = {
  severity: "warning",
  key: "account.passwordFile",
  message:
    "after a soft logout the new access token could not be kept: a systemd credential cannot be replaced",
  cure: "name a file of Sotto's own in account.accessTokenFile, such as ./data/access-token",
};

/**
 * @param written - what the config says
 * @param place - where that is
 */
function checkSecret(
  key: string,
  written: string,
  read: (path: string) => unknown,
  place: () => string = () => written,
): Finding[] {
  if (isOutOfReach(written)) {
    const message = `${written} is there for the service only, and cannot be looked at from here`;
    return [{ severity: "warning", key, message, cure: "run `sotto config check` in the service" }];
  }
  try {
    const path = place();
    read(path);
    if (!isReadByOthers(path) || isCertificate(path)) return [];
    return [
      { severity: "warning", key, message: `${path} can be read by others`, cure: `chmod 600 ${path}` },
    ];
  } catch (thrown) {
    return [failed(key, thrown)];
  }
}

function failed(key: string, thrown: unknown): Finding {
  const { message, cure } = toSottoError(thrown);
  return { severity: "error", key, message, cure };
}

function isCertificate(path: string): boolean {
  const text = readFileSync(path, "utf8");
  return /^-----BEGIN CERTIFICATE-----/m.test(text) && !/PRIVATE KEY-----/.test(text);
}

function checkCertificates(path: string): Finding[] {
  try {
    if (isCertificate(path)) return [];
    const message = `${path} holds no certificate, or a private key`;
    return [{ severity: "error", key: "caFile", message, cure: "name a file with PEM certificates alone" }];
  } catch (cause) {
    return [failed("caFile", new SottoError("SECRET_UNREADABLE", `cannot read ${path}`, { cause }))];
  }
}

/** What rooms are held to: `sotto run` does not begin a patrol without it. */
async function checkHeldTo(config: Config): Promise<Finding[]> {
  const named = (["policy", "waivers", "baseline"] as const).filter((key) => config[key] !== undefined);
  if (named.length === 0) return [];
  const { READ } = await import("./patrol/held-to.ts");
  return named.flatMap((key) => {
    try {
      READ[key](config[key]!);
      return [];
    } catch (thrown) {
      return [failed(key, thrown)];
    }
  });
}

/** The second channels, looked at as a dry run does: when they are needed there is no time to. */
async function checkEvacuate(settings: Config["evacuate"]): Promise<Finding[]> {
  const { urlFile, secretFile } = settings.webhook ?? {};
  const files = Object.entries({ urlFile, secretFile }).flatMap(([name, file]) =>
    file === undefined ? [] : checkSecret(`evacuate.webhook.${name}`, file, readSecret),
  );
  const isHidden = [urlFile, secretFile].some((file) => file !== undefined && isOutOfReach(file));
  const channels = channelsIn(settings).filter((channel) => channel === "command" || !isHidden);
  const looked = await Promise.all(channels.map((channel) => look(settings, channel)));
  const blocked = looked.flatMap(({ step, outcome, message, cure }): Finding[] =>
    outcome === "blocked"
      ? [{ severity: "error", key: `evacuate.${step}`, message, ...(cure && { cure }) }]
      : [],
  );
  return blocked.some(({ key }) => key === "evacuate.webhook") ? blocked : [...blocked, ...files];
}

/** Whoever writes there decides who gets the keys. */
function checkConfigFile(path: string): Finding[] {
  if ((statSync(path).mode & 0o022) === 0) return [];
  return [{ severity: "warning", message: `${path} can be written by others`, cure: `chmod go-w ${path}` }];
}

function checkData(path: string): Finding[] {
  const error = (message: string, cure: string): Finding[] => [
    { severity: "error", key: "data", message, cure },
  ];
  const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory())
    return error(`${path} is ${stats ? "no folder" : "not there"}`, "correct `data`, or run `sotto init`");
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return error(`${path} cannot be written to`, `let the user who runs Sotto own it: chown USER ${path}`);
  }
  if ((stats.mode & 0o077) === 0) return [];
  return [
    { severity: "warning", key: "data", message: `${path} is open to others`, cure: `chmod 700 ${path}` },
  ];
}

/** What a connector's settings name as `…File`, at any depth. */
function filesIn(value: unknown, key: string): { key: string; written: string }[] {
  if (typeof value === "string") return /File$/.test(key) ? [{ key, written: value }] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => filesIn(child, `${key}.${name}`));
}
