import { Command, CommanderError } from "commander";
import manifest from "../../../package.json" with { type: "json" };
import { SottoError } from "../../errors.ts";
import { COMMANDS } from "../index.ts";
import type { Context } from "./context.ts";
import { printError } from "./output.ts";

/** They do not ask a process that holds the store, and wait for none. */
const HOLD_THEMSELVES = new Set(["init", "run", "logout", "audio", "config", "token"]);

const CONFIG_FLAG =
  "the config (default: ./sotto.yaml, then $SOTTO_CONFIG); several are read as one, what a later one says goes first";

/** Runs the command line; gives its exit code. */
export async function runProgram(args: string[]): Promise<number> {
  const json = args.includes("--json");
  try {
    const program = await build(
      openContext(),
      json,
      args.find((arg) => Object.hasOwn(COMMANDS, arg)),
    );
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return printError(process.stderr, thrown, json);
    if (thrown.exitCode === 0) return 0;
    const isHelp = thrown.code === "commander.help";
    if (isHelp && !json) return 2; // the help has said it
    const words = thrown.message.replace(/^error: /, "").replaceAll("\n", " ");
    const message = isHelp ? "which command is missing" : words;
    return printError(process.stderr, new SottoError("USAGE", message, { cure: helpFor(args) }), json);
  }
}

/** The help of the command that was meant. */
function helpFor(args: string[]): string {
  const name = args.find((arg) => Object.hasOwn(COMMANDS, arg));
  return `run \`sotto ${name === undefined ? "" : `${name} `}--help\``;
}

function openContext(): Context {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort(new SottoError("INTERRUPTED", `ended by ${signal}`)));
  }
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    signal: stop.signal,
  };
}

/** The program with the one command that is called, or with all of them when none is. */
async function build(context: Context, json: boolean, name: string | undefined): Promise<Command> {
  const program = new Command("sotto")
    .description("voice messages into end-to-end encrypted Matrix rooms")
    .version(manifest.version)
    .configureOutput({ outputError: () => undefined, ...(json ? { writeErr: () => undefined } : {}) })
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const load of name ? [COMMANDS[name]!] : Object.values(COMMANDS)) {
    const command = (await load()).command(context);
    command
      .option("--config <file>", CONFIG_FLAG, (file: string, before: string[] = []) => [...before, file])
      .option("--json", "results and errors as JSON, one document or line each")
      .copyInheritedSettings(program);
    if (!HOLD_THEMSELVES.has(command.name()))
      command.option("--wait <seconds>", "how long to wait for another process that holds the store", "30");
    for (const further of command.commands) further.copyInheritedSettings(command);
    program.addCommand(command);
  }
  return program;
}
