import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import draft4 from "ajv/lib/refs/json-schema-draft-04.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "../..");

/** What is wrong with a value, by a JSON Schema; nothing where it fits. */
export function schemaErrors(schema: object, value: unknown): string[] {
  const ajv = new Ajv({ schemaId: "auto", allErrors: true });
  ajv.addMetaSchema(draft4);
  const check = ajv.compile(schema);
  return check(value) ? [] : (check.errors ?? []).map(({ dataPath, message }) => `${dataPath} ${message}`);
}

export const auditSchema = (): object => read(join(ROOT, "docs/audit.schema.json"));

export const enforcementSchema = (): object => read(join(ROOT, "docs/enforce.schema.json"));

/** The OASIS schema of SARIF 2.1.0, as an npm package carries it. */
export const sarifSchema = (): object =>
  read(join(ROOT, "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));

const read = (file: string): object => JSON.parse(readFileSync(file, "utf8")) as object;
