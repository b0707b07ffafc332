import { Document, isScalar } from "yaml";
import * as z from "zod/mini";
import type { ConnectorType } from "../connector/index.ts";
import type { ConfigSource } from "./data-directory.ts";
import { type Config, readConfig } from "./load.ts";
import { configSchema } from "./schema.ts";
import { plain, scalarsIn } from "./written.ts";

/** The config as it holds: all files and the environment as one, with defaults filled in. */
export interface Shown {
  files: readonly string[];
  /** As a file would have it; the paths that are not a connector's are absolute. */
  config: Section;
  /** Where each value is said, by its key; what is not here is a default. */
  from: Record<string, string>;
}
type Section = Record<string, unknown>;

/** What is used of the JSON schema that zod makes of ours. */
interface Node {
  default?: unknown;
  properties?: Record<string, Node>;
}

/** @throws SottoError what `loadConfig` throws */
export function showConfig(
  { files, environment }: ConfigSource,
  connectorTypes: readonly ConnectorType[],
): Shown {
  // a credential is shown by its name
  const outside = { ...environment, CREDENTIALS_DIRECTORY: undefined };
  const { config, whole } = readConfig({ files, environment: outside }, { connectorTypes });
  const shown = filled(plain(whole), nodeOf(configSchema)) as Section;
  for (const [name, settings] of Object.entries(shown.connectors as Record<string, { type: string }>)) {
    const type = connectorTypes.find((known) => known.type === settings.type)!;
    (shown.connectors as Section)[name] = filled(settings, nodeOf(type.settings));
  }
  setPaths(shown, config);
  const from = Object.fromEntries(
    [...scalarsIn(whole)].map(({ path, part }) => [path.join("."), part.where]),
  );
  return { files: config.files, config: shown, from };
}

/** The same as YAML, with where each value is said beside it. */
export function asYaml({ config, from }: Shown): string {
  const document = new Document(config);
  const mark = (value: unknown, path: readonly string[]): void => {
    const node = document.getIn(path, true);
    const where = from[path.join(".")];
    if (isScalar(node) && where !== undefined) node.comment = ` ${where}`;
    if (typeof value !== "object" || value === null) return;
    for (const [key, child] of Object.entries(value)) mark(child, [...path, key]);
  };
  mark(config, []);
  return document.toString({ lineWidth: 0 });
}

const nodeOf = (schema: z.core.$ZodType): Node =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;

function filled(value: unknown, { default: byDefault, properties }: Node): unknown {
  const said = value === undefined ? structuredClone(byDefault) : value;
  if (!properties || typeof said !== "object" || said === null) return said;
  const result: Section = { ...said };
  for (const [key, node] of Object.entries(properties)) {
    const child = filled(result[key], node);
    if (child !== undefined) result[key] = child;
  }
  return result;
}

function setPaths(shown: Section, { data, storeKeyFile, caFile, account }: Config): void {
  const { accessTokenFile, passwordFile } = account;
  Object.assign(shown, { data, storeKeyFile, ...(caFile && { caFile }) });
  Object.assign(shown.account as Section, { accessTokenFile, ...(passwordFile && { passwordFile }) });
}
