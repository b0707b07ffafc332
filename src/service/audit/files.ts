import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { SottoError } from "../../errors.ts";
import type { Facts } from "../../model/facts.ts";
import { type Finding, SEVERITIES } from "../../model/finding.ts";
import type { Limit } from "../../model/report.ts";
import { writePrivateFile } from "../private-file.ts";
import { factsSchema } from "./facts-schema.ts";

/** As they are saved: what is digested is what lies there. */
export const factsText = (facts: Facts): string => `${JSON.stringify(facts)}\n`;

export const saveFacts = (file: string, facts: Facts): void => writePrivateFile(file, factsText(facts));

/** @throws SottoError `USAGE` for what are no facts, or those of another version */
export function readFacts(file: string): Facts {
  const result = factsSchema.safeParse(parsed(file));
  if (result.success) return result.data;
  throw notSo(file, "facts as `sotto audit --save-facts` writes them", result.error);
}

const baselineSchema = z.strictObject({
  schemaVersion: z.literal(1),
  writtenMs: z.number(),
  /** Of what failed or warned; the rule is there for the reader. What got worse since is not known. */
  findings: z.array(
    z.strictObject({
      ruleId: z.string(),
      fingerprint: z.string(),
      severity: z.exactOptional(z.enum(SEVERITIES)),
      result: z.exactOptional(z.enum(["warn", "fail"])),
    }),
  ),
});

/** @throws SottoError `USAGE` for what is no baseline */
export function readBaseline(file: string): Known[] {
  const result = baselineSchema.safeParse(parsed(file));
  if (result.success) return result.data.findings;
  throw notSo(file, "a baseline as `sotto audit --write-baseline` writes it", result.error);
}

/** A finding as a baseline knows it: nobody is named. */
export type Known = z.infer<typeof baselineSchema>["findings"][number];

/** What a baseline says of findings: what fails or warns, whether or not it is accepted now. */
export const knownOf = (findings: readonly Finding[]): Known[] =>
  findings.flatMap(({ ruleId, fingerprint, severity, result }) =>
    result === "fail" || result === "warn" ? [{ ruleId, fingerprint, severity, result }] : [],
  );

/** Of several by one fingerprint the worst: that was known, too. */
export function baselineOf(known: readonly Known[]): Map<string, Limit> {
  const limits = new Map<string, Limit>();
  for (const { fingerprint, severity = "critical", result = "fail" } of known) {
    const other = limits.get(fingerprint);
    const isMore = SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(other?.severity ?? severity);
    limits.set(fingerprint, {
      severity: other && !isMore ? other.severity! : severity,
      result: other?.result === "fail" ? "fail" : result,
    });
  }
  return limits;
}

export function writeBaseline(file: string, known: readonly Known[], writtenMs: number): void {
  const unique = [...new Map(known.map((finding) => [JSON.stringify(finding), finding])).values()];
  const baseline: z.infer<typeof baselineSchema> = { schemaVersion: 1, writtenMs, findings: unique };
  writePrivateFile(file, `${JSON.stringify(baseline, null, 2)}\n`);
}

function parsed(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new SottoError("USAGE", `cannot read ${file}`, {
      cause,
      cure: "check the path and its permissions",
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SottoError("USAGE", `${file} is no JSON`, {
      cause,
      cure: "name a file that Sotto has written",
    });
  }
}

function notSo(file: string, what: string, { issues }: z.core.$ZodError): SottoError {
  const [first] = issues;
  const where = first?.path.join(".") || "the whole";
  return new SottoError("USAGE", `${file} does not hold ${what}: ${where}: ${first?.message}`, {
    cure: "save it again with this version of Sotto",
  });
}
