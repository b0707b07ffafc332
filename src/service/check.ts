import { toSottoError } from "../errors.ts";

/** One thing that `sotto doctor` has looked at. */
export interface Check {
  name: string;
  result: "pass" | "warn" | "fail" | "not-checked";
  message: string;
  cure?: string;
}

/** A text is a pass. */
export type Verdict = string | Omit<Check, "name">;
export const warn = (message: string, cure: string): Verdict => ({ result: "warn", message, cure });
export const fail = (message: string, cure: string): Verdict => ({ result: "fail", message, cure });

/** What is thrown is a fail, with its own cure. */
export async function check(name: string, look: () => Promise<Verdict>): Promise<Check> {
  try {
    const verdict = await look();
    return typeof verdict === "string" ? { name, result: "pass", message: verdict } : { name, ...verdict };
  } catch (thrown) {
    const { message, cure } = toSottoError(thrown);
    return { name, result: "fail", message, cure };
  }
}
