import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod/mini";
import { configSchema } from "../src/config/index.ts";

// Writes config.sample.yaml from the schema of the config. With --check it writes nothing, and fails if the file
// is not what it would write.

const FILE = join(import.meta.dirname, "../config.sample.yaml");
const WIDTH = 100;

const HEADER = [
  "# Sotto's config, with every key there is. Made by scripts/sample-config.ts from src/config/schema.ts: do not edit.",
  "# Values below are the defaults, but for the keys marked as required, which show an example. Paths are relative to",
  "# this file. `sotto init` writes a config with what is needed.",
].join("\n");

/** A value for each key that has no default, and for lists and maps that are empty by default. */
const EXAMPLES: Record<string, unknown> = {
  homeserver: "https://matrix.example.org",
  "account.userId": "@voice:example.org",
  "account.deviceId": "SOTTO1",
  "account.accessTokenFile": "./data/access-token",
  "account.passwordFile": "./data/password",
  "audio.loudness": -16,
  "audio.highPass": 80,
  caFile: "./ca.pem",
  listen: "127.0.0.1:9090",
  rooms: { "!ops": { shareWith: "verified", onExcluded: "refuse", newMembers: "hold" } },
  connectors: { inbox: { type: "folder", path: "./inbox" } },
  routes: [{ from: "inbox", to: "#team:example.org", announce: true }],
  acceptInvitesFrom: ["@ops:example.org"],
  "trust.verifyFrom": ["@ops:example.org"],
};

/** What is used of the JSON schema that zod makes of ours. */
interface Node {
  type?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: string[];
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Node>;
  required?: string[];
}

/** The sample, as it should lie in the file. */
export function sampleConfig(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input" }) as Node;
  return `${HEADER}\n\n${section(schema, "").join("\n\n")}\n`;
}

/** The keys of a section, each as a block of lines. */
function section(node: Node, path: string): string[] {
  const indent = "  ".repeat(path === "" ? 0 : path.split(".").length);
  return Object.entries(node.properties ?? {}).map(([key, child]) => {
    const at = path === "" ? key : `${path}.${key}`;
    const isRequired = node.required?.includes(key) ?? false;
    const comment = wrapped(words(at, child, isRequired), `${indent}# `);
    if (child.properties) return [...comment, `${indent}${key}:`, ...section(child, at)].join("\n");
    const isAbsent = !isRequired && child.default === undefined;
    return [...comment, `${indent}${isAbsent ? "# " : ""}${key}: ${value(at, child)}`].join("\n");
  });
}

/** What a person must know of a key. */
function words(path: string, node: Node, isRequired: boolean): string {
  const said = node.description ?? "";
  const choices = node.enum?.every((choice) => said.includes(choice)) ? undefined : node.enum;
  const hasRange = node.minimum !== undefined && node.maximum !== undefined;
  return [
    said,
    isRequired && !node.properties && "Required.",
    choices && `One of: ${choices.join(", ")}.`,
    hasRange && `From ${node.minimum} to ${node.maximum}.`,
    typeof node.default === "object" && !node.properties && `For example: ${inline(example(path, node))}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

const value = (path: string, node: Node): string => inline(node.default ?? example(path, node));
const inline = (data: unknown): string =>
  stringify(data, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trim();

function example(path: string, node: Node): unknown {
  const found = node.examples?.[0] ?? EXAMPLES[path];
  if (found === undefined)
    throw new Error(`${path} has no default: give it an example in scripts/sample-config.ts`);
  return found;
}

function wrapped(text: string, prefix: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${prefix}${word}`);
  }
  return lines;
}

async function main(): Promise<void> {
  const sample = sampleConfig();
  if (!process.argv.includes("--check")) return writeFile(FILE, sample);
  if ((await readFile(FILE, "utf8").catch(() => "")) === sample) return;
  console.error("config.sample.yaml is not what the schema says: run `node scripts/sample-config.ts`");
  process.exitCode = 1;
}

if (process.argv[1] === import.meta.filename) await main();
