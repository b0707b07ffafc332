import { SottoError } from "../../errors.ts";
import { LOG_LEVELS, type LogLevel } from "../../log.ts";

const VARIABLE = "SOTTO__LOG__LEVEL";

/**
 * What a command logs: as the environment says, or as it does otherwise.
 *
 * @throws SottoError `USAGE`
 */
export function logLevel(env: NodeJS.ProcessEnv, otherwise: LogLevel): LogLevel {
  const asked = env[VARIABLE];
  if (asked === undefined) return otherwise;
  const level = LOG_LEVELS.find((known) => known === asked);
  if (level) return level;
  throw new SottoError("USAGE", `${VARIABLE} is "${asked}", which is no level`, {
    cure: `set it to one of ${LOG_LEVELS.join(", ")}`,
  });
}
