import { expect } from "vitest";
import type { SottoError } from "../../src/errors.ts";
import { createTransport, type TransportOptions } from "../../src/matrix/index.ts";
import type { ScriptedServer } from "../matrix/scripted-server.ts";

export const limited = (retryAfterMs?: number) => ({
  status: 429,
  json: { errcode: "M_LIMIT_EXCEEDED", error: "slow down", retry_after_ms: retryAfterMs },
});
export const failed = (status: number, errcode = "M_UNKNOWN") => ({
  status,
  json: { errcode, error: "sorry" },
});

export function transportTo(server: ScriptedServer, options: Partial<TransportOptions> = {}) {
  return createTransport({ homeserver: server.url, accessToken: "secret-token", env: {}, ...options });
}

export const fault = (promise: Promise<unknown>): Promise<SottoError> =>
  promise.then(
    () => expect.fail("it did not fail"),
    (error: SottoError) => error,
  );
