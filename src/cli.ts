#!/usr/bin/env node
import manifest from "../package.json" with { type: "json" };
import { useCompileCache } from "./commands/shared/compile-cache.ts";
import type { Context } from "./commands/shared/context.ts";

useCompileCache(process.argv, process.env);
// what is imported above is compiled before this line, what is imported here comes from the cache
const { Command, CommanderError } = await import("commander");
const { COMMANDS } = await import("./commands/index.ts");
const { printError } = await import("./commands/shared/output.ts");
const { SottoError } = await import("./errors.ts");

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

const context: Context = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
  signal: stop.signal,
};

const exitCode = await main(process.argv.slice(2));
if (exitCode > 0) process.exitCode = exitCode;

async function main(args: string[]): Promise<number> {
  const json = args.includes("--json");
  try {
    const program = await build(args.find((arg) => Object.hasOwn(COMMANDS, arg)));
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return printError(process.stderr, thrown, json);
    if (thrown.exitCode === 0) return 0;
    if (thrown.code === "commander.help") return 2; // the help has said it
    const message = thrown.message.replace(/^error: /, "");
    return printError(process.stderr, new SottoError("USAGE", message), json);
  }
}

/** The program with the one command that is called, or with all of them when none is. */
async function build(name: string | undefined): Promise<InstanceType<typeof Command>> {
  const program = new Command("sotto")
    .description("voice messages into end-to-end encrypted Matrix rooms")
    .version(manifest.version)
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  for (const load of name ? [COMMANDS[name]!] : Object.values(COMMANDS)) {
    const command = (await load()).command(context);
    command
      .option("--config <file>", "the config (default: ./sotto.yaml, then $SOTTO_CONFIG)")
      .option("--json", "one JSON document on standard output")
      .option("--wait <seconds>", "how long to wait for another process that holds the store", "30")
      .copyInheritedSettings(program);
    program.addCommand(command);
  }
  return program;
}
