import { access, constants } from "node:fs/promises";
import { SottoError } from "../../errors.ts";
import type { Connector, ConnectorCheck, ConnectorContext, OutgoingVoice } from "../../model/connector.ts";
import { deliveryError } from "../delivery-error.ts";
import { complaintOf } from "./complaint.ts";
import { environmentOf } from "./environment.ts";
import { type End, run } from "./run.ts";
import type { CommandSettings } from "./settings.ts";

/** What a program exits with that wants to be asked again. sysexits.h: EX_TEMPFAIL */
const TEMPORARY = 75;

export const makeCommand = (settings: CommandSettings, context: ConnectorContext): Connector =>
  new Command(settings, context);

class Command implements Connector {
  readonly #program: string;
  readonly #args: string[];
  readonly #timeoutMs: number;
  readonly #logger: ConnectorContext["logger"];

  constructor({ run: [program, ...args], timeout }: CommandSettings, { path, logger }: ConnectorContext) {
    this.#program = path(program);
    this.#args = args;
    this.#timeoutMs = timeout;
    this.#logger = logger;
  }

  /** Whatever it exits with, the message waits until that is 0. */
  async deliver(voice: OutgoingVoice, signal: AbortSignal): Promise<void> {
    const env = environmentOf(voice);
    const late = AbortSignal.timeout(this.#timeoutMs);
    const end = await run({
      program: this.#program,
      args: this.#args,
      env,
      open: () => voice.stream(),
      size: voice.size,
      signal: AbortSignal.any([signal, late]),
    }).catch((thrown) => {
      throw deliveryError(late.aborted ? this.#tooLate() : failureOf(thrown), signal);
    });
    if (end.exit !== 0) throw this.#failed(end, Object.values(env));
  }

  async check(): Promise<ConnectorCheck[]> {
    const isThere = await access(this.#program, constants.X_OK).then(
      () => true,
      () => false,
    );
    return isThere
      ? [{ ok: true, message: `${this.#program} can be run` }]
      : [{ ok: false, message: `${this.#program} cannot be run`, cure: RUN_CURE }];
  }

  #tooLate(): SottoError {
    const seconds = this.#timeoutMs / 1_000;
    return new SottoError("CONNECTOR_FAILED", `the command took longer than ${seconds} s, and was killed`, {
      cure: "see why, or give it more timeout; the message waits and is tried again",
    });
  }

  #failed({ exit, stderr }: End, values: string[]): SottoError {
    const complaint = complaintOf(stderr, values);
    const level = exit === TEMPORARY ? "info" : "warn";
    this.#logger[level]("the command did not take a voice message", {
      exit,
      ...(complaint && { stderr: complaint }),
    });
    return new SottoError("CONNECTOR_FAILED", `the command ended with ${exit}`, {
      cure: "see the log for what it wrote; the message waits and is tried again",
    });
  }
}

const RUN_CURE = "check the path in run, and that Sotto's user may execute it";

/** Errors of the system name the program. What is not known to be for good means later. */
function failureOf(thrown: unknown): SottoError {
  if (thrown instanceof SottoError) return thrown;
  const { syscall, code } = thrown as NodeJS.ErrnoException;
  if (syscall?.startsWith("spawn")) {
    return new SottoError("CONNECTOR_FAILED", `the command did not start (${code})`, { cure: RUN_CURE });
  }
  return new SottoError("CONNECTOR_FAILED", "the recording could not be read", { cause: thrown });
}
