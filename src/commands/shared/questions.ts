import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { SottoError } from "../../errors.ts";
import type { Context } from "./context.ts";
import { printable } from "./output.ts";

/** One line from the person at the terminal, without blanks around it; the signal takes the question back. */
export async function ask(context: Context, question: string, signal?: AbortSignal): Promise<string> {
  return (await readLine(context, question, context.stderr, signal)).trim();
}

/** Asks until the answer is one or the other, written out. */
export async function yesOrNo(
  context: Context,
  question: string,
  signal: AbortSignal,
): Promise<"yes" | "no"> {
  let asked = question;
  for (;;) {
    const answer = (await ask(context, asked, signal)).toLowerCase();
    if (answer === "yes" || answer === "no") return answer;
    asked = 'Type "yes" or "no": ';
  }
}

/** The same without showing what is typed. */
export function askHidden(context: Context, question: string): Promise<string> {
  return readLine(context, question, undefined);
}

export async function confirmed(context: Context, question: string): Promise<boolean> {
  return (await ask(context, question)).toLowerCase() === "yes";
}

async function readLine(
  context: Context,
  question: string,
  shown: Writable | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const output = shown ?? new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: context.stdin, output, terminal: context.interactive });
  // not before: until here the terminal itself shows what is typed
  if (!shown) context.stderr.write(printable(question));
  const either = signal ? AbortSignal.any([context.signal, signal]) : context.signal;
  try {
    return await lines.question(printable(question), { signal: either });
  } catch (cause) {
    either.throwIfAborted();
    // a terminal that is read line by line gives Ctrl-C to its reader, and no signal to the process
    throw new SottoError("INTERRUPTED", "ended by Ctrl-C", { cause });
  } finally {
    lines.close();
    if (!shown) context.stderr.write("\n");
  }
}
