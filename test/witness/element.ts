import "./element-globals.ts";
import { createInterface } from "node:readline";
import { Element, type ElementOptions } from "./element-client.ts";
import { recoveryCommands } from "./element-recovery.ts";
import { roomCommands } from "./element-rooms.ts";
import { trustCommands } from "./element-trust.ts";
import { verificationCommands } from "./element-verification.ts";

// An independent witness: matrix-js-sdk with its crypto, which is what Element Web runs. It shares its engine
// with Sotto, and nothing else: for the cryptography itself there is matrix-nio. It reads one JSON command per line
// from standard input, {"id": 1, "command": "join", "parameters": {...}}, and answers each with a line on standard
// output, {"id": 1, "result": ...} or {"id": 1, "error": "..."}. The first command is "start". Commands run side by
// side, so a wait holds nothing up. It ends when standard input closes. With WITNESS_LOG set, the SDK's log goes to
// standard error.

const element = new Element();
const commands = {
  start: (options: ElementOptions) => element.start(options),
  ...roomCommands(element),
  ...trustCommands(element),
  ...recoveryCommands(element),
  ...verificationCommands(element),
};

export type ElementCommands = typeof commands;

interface Request {
  id: number;
  command: keyof ElementCommands;
  parameters: unknown;
}

async function carryOut({ id, command, parameters }: Request): Promise<void> {
  try {
    if (!Object.hasOwn(commands, command)) throw new Error("there is no such command");
    const carry = commands[command] as (parameters: unknown) => Promise<unknown>;
    answer({ id, result: (await carry(parameters)) ?? {} });
  } catch (error) {
    answer({ id, error: `${command}: ${error instanceof Error ? error.message : JSON.stringify(error)}` });
  }
}

function answer(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

for await (const line of createInterface(process.stdin)) void carryOut(JSON.parse(line) as Request);
element.stop();
process.exit(0);
