import { type ErrorCode, SottoError } from "../errors.ts";

/** What is under way when somebody wants to leave has so long to end. */
export const LEAVE_MS = 3_000;

/** How requests fail whose connection was closed, and those that come after. */
const ENDED = new Set<ErrorCode>(["HOMESERVER_UNREACHABLE", "STOPPED"]);

/**
 * Work that talks to the homeserver, for somebody who may want to leave: what is under way then has a moment to end
 * well, and a homeserver that is silent keeps nobody.
 *
 * @param close - ends the connections
 * @throws the signal's reason where leaving is what ended the work
 */
export async function mayLeave<T>(
  signal: AbortSignal,
  close: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const leave = (): void => void setTimeout(close, LEAVE_MS).unref();
  signal.throwIfAborted();
  signal.addEventListener("abort", leave);
  try {
    return await work();
  } catch (thrown) {
    if (signal.aborted && thrown instanceof SottoError && ENDED.has(thrown.code)) throw signal.reason;
    throw thrown;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
