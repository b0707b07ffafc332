import { stringify } from "yaml";
import { exampleOf, isGiven } from "./examples.ts";

/** Two less than what a line may have: a block that is commented out is as much wider. */
const WIDTH = 98;

/** What is used of the JSON schema that zod makes of ours. */
export interface Node {
  type?: string;
  description?: string;
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  enum?: string[];
  minimum?: number;
  maximum?: number;
  items?: Node;
  properties?: Record<string, Node>;
  required?: string[];
}

/** The keys of a section, each as a block of lines. */
export function section(node: Node, path: string): string[] {
  const indent = "  ".repeat(path === "" ? 0 : path.split(".").length);
  return Object.entries(node.properties ?? {}).map(([key, own]) => {
    const child = { default: ofSection(node, key), ...own };
    const at = path === "" ? key : `${path}.${key}`;
    const isRequired = node.required?.includes(key) ?? false;
    const isAbsent = !isRequired && child.default === undefined && !isGiven(at);
    const comment = wrapped(words(at, child, isRequired), `${indent}# `);
    const begun = [...comment, `${indent}${key}:`];
    if (child.properties && !isAbsent) return [...begun, ...section(child, at)].join("\n");
    if (child.items?.properties && isRequired) return [...begun, element(child.items, at)].join("\n");
    return [...comment, `${indent}${isAbsent ? "# " : ""}${key}: ${value(at, child)}`].join("\n");
  });
}

/** A section whose default says its keys' values. */
const ofSection = (node: Node, key: string): unknown =>
  (node.default as Record<string, unknown> | null | undefined)?.[key];

/** An element of a list, with every key: its first line begins with a dash. */
export const element = (items: Node, path: string): string =>
  section(items, `${path}.0`)
    .join("\n")
    .replace(/^( *) {2}/, "$1- ");

/** What a person must know of a key. */
function words(path: string, node: Node, isRequired: boolean): string {
  const said = node.description ?? "";
  const choices = node.enum?.every((choice) => said.includes(choice)) ? undefined : node.enum;
  const [least, most] = [node.minimum, node.maximum].map((n) => (isLimit(n) ? n : undefined));
  return [
    said,
    isRequired && !node.properties && node.const === undefined && node.default === undefined && "Required.",
    choices && `One of: ${choices.join(", ")}.`,
    least !== undefined && (most === undefined ? `At least ${least}.` : `From ${least} to ${most}.`),
    isEmpty(node.default) &&
      !node.properties &&
      !hasBlock(path) &&
      `For example: ${inline(exampleOf(path, node))}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
/** They have a block of their own below, with each of their keys. */
const hasBlock = (path: string): boolean => path === "connectors" || path === "routes";
/** What zod says of every whole number is no limit of ours. */
const isLimit = (limit: number | undefined): boolean => Math.abs(limit ?? Infinity) < Number.MAX_SAFE_INTEGER;

const value = (path: string, node: Node): string =>
  inline(node.const ?? node.default ?? exampleOf(path, node));
const inline = (data: unknown): string =>
  stringify(data, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trim();

export function wrapped(text: string, prefix: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${prefix}${word}`);
  }
  return lines;
}
