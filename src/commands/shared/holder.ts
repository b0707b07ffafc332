import { configSource, dataDirectoryOf, saysNothingOf } from "../../config/data-directory.ts";
import { createLogger } from "../../log.ts";
import { callWhereTheStoreIs } from "../../service/holder.ts";
import type { Call } from "../../service/operations.ts";
import type { CommonOptions, Context } from "./context.ts";
import { logLevel } from "./log-level.ts";
import { say, wholeNumber } from "./output.ts";

/** Performs an operation in the process that holds the store, which may become this one. */
export async function perform<T>(
  context: Context,
  options: CommonOptions,
  call: Pick<Call, "operation" | "args" | "source" | "ask"> & { emit?: Call["emit"]; signal?: AbortSignal },
): Promise<T> {
  const source = configSource(options.config, context.env);
  return (await callWhereTheStoreIs(
    {
      dataDirectory: await dataDirectoryOf(source),
      async config() {
        const { loadConfig } = await import("../../config/load.ts");
        return loadConfig(source);
      },
      audioAsDefault: saysNothingOf("audio", source),
      logger: logger(context, options),
      waitMs: wholeNumber(options.wait, "--wait") * 1000,
    },
    { emit: async () => undefined, signal: context.signal, ...call },
  )) as T;
}

/** The same for an operation whose result is too long for one message. */
export async function performInPieces<T>(
  context: Context,
  options: CommonOptions,
  operation: string,
  args: Record<string, unknown>,
): Promise<T> {
  const pieces: string[] = [];
  await perform<null>(context, options, {
    operation,
    args,
    async emit(message) {
      if (message.kind === "report") pieces.push(message.text);
    },
  });
  return JSON.parse(pieces.join("")) as T;
}

/** Warnings and errors only, unless the environment asks for more: a short command speaks through its result. */
export const logger = (context: Context, { json }: Pick<CommonOptions, "json">) =>
  createLogger({
    level: logLevel(context.env, "warn"),
    json: json === true,
    write: (line) => say(context, line),
  });
