import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { SottoError } from "../../errors.ts";
import { printable } from "../../printable.ts";
import type { Context } from "./context.ts";

/** One line from the person at the terminal, without blanks around it; the signal takes the question back. */
export async function ask(context: Context, question: string, signal?: AbortSignal): Promise<string> {
  return (await readLine(context, question, context.stderr, signal)).trim();
}

/** The same without showing what is typed. */
export function askHidden(context: Context, question: string): Promise<string> {
  return readLine(context, question, undefined);
}

/** Asks until the answer is "yes" or "no", written out. */
export async function confirmed(context: Context, question: string, signal?: AbortSignal): Promise<boolean> {
  let asked = `${question} (yes/no) `;
  for (;;) {
    const answer = (await ask(context, asked, signal)).toLowerCase();
    if (answer === "yes" || answer === "no") return answer === "yes";
    asked = 'Type "yes" or "no": ';
  }
}

/** What cannot be taken back is not for scripts. */
export function requirePerson(context: Context, whatIsDone: string): void {
  if (context.interactive) return;
  throw new SottoError("USAGE", `${whatIsDone} only by a person at a terminal`, {
    cure: "run it where you can type the account's name",
  });
}

/** Throws `NOT_CONFIRMED` unless the person types the account's whole name. */
export async function typeAccountName(context: Context, userId: string, toDoWhat: string): Promise<void> {
  if ((await ask(context, `Type ${userId} to ${toDoWhat}: `)) === userId) return;
  throw new SottoError("NOT_CONFIRMED", "the account's name was not typed");
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
