import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { Context } from "./context.ts";
import { printable } from "./output.ts";

/** One line from the person at the terminal, without blanks around it. */
export async function ask(context: Context, question: string): Promise<string> {
  return (await readLine(context, question, context.stderr)).trim();
}

/** The same without showing what is typed. */
export async function askHidden(context: Context, question: string): Promise<string> {
  context.stderr.write(printable(question));
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await readLine(context, "", nowhere);
  context.stderr.write("\n");
  return answer;
}

export async function confirmed(context: Context, question: string): Promise<boolean> {
  return (await ask(context, question)).toLowerCase() === "yes";
}

async function readLine(context: Context, question: string, output: Writable): Promise<string> {
  const lines = createInterface({ input: context.stdin, output, terminal: context.interactive });
  try {
    return await lines.question(printable(question), { signal: context.signal });
  } finally {
    lines.close();
  }
}
