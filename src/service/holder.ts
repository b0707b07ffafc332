import type { Config } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { callHolder, connectTo, HolderLeft, held, NotTaken } from "./control/client.ts";
import { controlSocketPath } from "./control/path.ts";
import { mayLeave } from "./leaving.ts";
import type { Call } from "./operations.ts";

export interface HolderOptions {
  dataDirectory: string;
  /** Read only if this process must hold the store itself. */
  config(): Promise<Config>;
  /** Whether it says nothing of `audio`: then encoding need not wait for it. */
  audioAsDefault: boolean;
  logger: Logger;
  /** How long to wait for a holder that neither answers nor ends. */
  waitMs: number;
}

const RETRY_MS = 50;

/**
 * Performs a call where the store is: in the process that holds it, or here if nobody does. A recording that can be
 * read only once is not touched before the call is taken.
 */
export async function callWhereTheStoreIs(options: HolderOptions, call: Call): Promise<unknown> {
  try {
    return await performSomewhere(options, call);
  } finally {
    // begun here, and perhaps of no use to whoever performed the call: its encoder would wait for ever
    call.recording?.chunks.destroy();
  }
}

async function performSomewhere(options: HolderOptions, call: Call): Promise<unknown> {
  const path = controlSocketPath(options.dataDirectory);
  let deadline = Date.now() + options.waitMs;
  for (;;) {
    try {
      return await callHolder(await connectTo(path), call, Math.max(1, deadline - Date.now()));
    } catch (thrown) {
      if (!(thrown instanceof NotTaken)) throw thrown;
      if (thrown instanceof HolderLeft) deadline = Date.now() + options.waitMs;
    }
    call.signal.throwIfAborted();
    try {
      return await holdAndPerform(options, call);
    } catch (thrown) {
      if (!(thrown instanceof SottoError && thrown.code === "STORE_HELD")) throw thrown;
      if (Date.now() > deadline) throw held("another process holds the store and does not answer");
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/**
 * Loaded only here: a command that another process serves never pays for the engine. The recording's encoding begins
 * before it.
 */
async function holdAndPerform(
  { config, audioAsDefault, logger }: HolderOptions,
  call: Call,
): Promise<unknown> {
  const { begin } = await import("./begin.ts");
  await begin(call, audioAsDefault);
  const { compileEngine } = await import("../crypto/index.ts");
  const [{ Sotto }, { perform }, read] = await Promise.all([
    import("./sotto.ts"),
    import("./operations.ts"),
    config(),
    compileEngine(), // on threads of its own, while this one loads the rest
  ]);
  const sotto = await Sotto.open(read, { logger });
  const { account } = sotto;
  try {
    return await mayLeave(
      call.signal,
      () => account.transport.close(),
      () => perform(account, call),
    );
  } finally {
    await sotto.close();
  }
}
