import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod/mini";
import { configSchema } from "../src/config/index.ts";
import { policySchema } from "../src/config/policy.ts";
import { CONNECTORS, type ConnectorType } from "../src/connector/index.ts";
import { enforcementDocument } from "../src/enforce/document.ts";
import { auditDocument } from "../src/report/document.ts";
import { connectorsBlock, routesBlock } from "./sample/blocks.ts";
import { type Node, section } from "./sample/keys.ts";

// Writes config.sample.yaml and config.schema.json, for people and for their editors, from the schema of the config and
// those of the connectors, the same for the policy, and docs/audit.schema.json and docs/enforce.schema.json
// for readers of what is printed. With --check it writes nothing, and fails if the files are not what it would write.

const ROOT = join(import.meta.dirname, "..");

const HEADER = [
  "# yaml-language-server: $schema=./config.schema.json",
  "# Sotto's config, with every key there is. Made by scripts/sample-config.ts from the schemas: do not edit. Values",
  "# below are the defaults, but for the keys marked as required, which show an example. Paths are relative to this",
  "# file, and every ...File may be credential:NAME. `sotto init` writes a config with what is needed.",
].join("\n");

const schemaOf = (schema: z.core.$ZodType) =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node & Record<string, unknown>;

/** The sample, as it should lie in the file. */
export function sampleConfig(types: readonly ConnectorType[] = CONNECTORS): string {
  const schema = schemaOf(configSchema);
  const below: Record<string, string> = {
    connectors: types.length > 0 ? `\n${connectorsBlock(types)}` : "",
    routes: `\n${routesBlock(schema.properties!.routes!)}`,
  };
  const keys = Object.keys(schema.properties!);
  const blocks = section(schema, "").map((block, at) => `${block}${below[keys[at]!] ?? ""}`);
  return `${HEADER}\n\n${blocks.join("\n\n")}\n`;
}

const POLICY_HEADER = [
  "# yaml-language-server: $schema=./policy.schema.json",
  "# What `sotto audit` holds rooms and people to, with every key there is. Made by scripts/sample-config.ts from the schema:",
  "# do not edit. Values below are the defaults, but for those that are commented out.",
].join("\n");

/** The policy, as it should lie in the file. */
export const samplePolicy = (): string =>
  `${POLICY_HEADER}\n\n${section(schemaOf(policySchema), "").join("\n\n")}\n`;

export const policyJsonSchema = (): string =>
  `${JSON.stringify({ title: "Sotto's policy", ...schemaOf(policySchema) }, null, 2)}\n`;

/** What a command prints with --json (JSON Schema draft 7, which most validators know). */
const printedBy = (command: string, document: z.core.$ZodType): string => {
  const schema = z.toJSONSchema(document, { target: "draft-7" });
  return `${JSON.stringify({ title: `What ${command} --json prints`, ...schema }, null, 2)}\n`;
};
export const auditJsonSchema = (): string => printedBy("sotto audit", auditDocument);
export const enforcementJsonSchema = (): string =>
  printedBy("sotto enforce plan, apply, undo or create", enforcementDocument);

/** What an editor checks a config against (JSON Schema 2020-12). */
export function configJsonSchema(types: readonly ConnectorType[] = CONNECTORS): string {
  const schema = schemaOf(configSchema);
  const oneOf = types.map(({ settings }) => {
    const { $schema, ...ofType } = schemaOf(settings);
    return ofType;
  });
  if (oneOf.length > 0) Object.assign(schema.properties!.connectors!, { additionalProperties: { oneOf } });
  return `${JSON.stringify({ title: "Sotto's config", ...schema }, null, 2)}\n`;
}

async function main(): Promise<void> {
  const files = {
    "config.sample.yaml": sampleConfig(),
    "config.schema.json": configJsonSchema(),
    "policy.sample.yaml": samplePolicy(),
    "policy.schema.json": policyJsonSchema(),
    "docs/audit.schema.json": auditJsonSchema(),
    "docs/enforce.schema.json": enforcementJsonSchema(),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = join(ROOT, name);
    if (!process.argv.includes("--check")) await writeFile(file, text);
    else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
      console.error(`${name} is not what the schemas say: run \`node scripts/sample-config.ts\``);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === import.meta.filename) await main();
