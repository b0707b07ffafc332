import { SottoError } from "../../errors.ts";
import { isLoopback } from "../../model/loopback.ts";

const CURE = "write it as https://hooks.example.org/…; http only to this machine";

/**
 * The URL of a receiver. It is never repeated in an error: its path, its query or its user may be a secret.
 *
 * @throws SottoError `CONFIG_INVALID`
 */
export function parseTarget(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SottoError("CONFIG_INVALID", "the URL of a webhook is none of http", { cure: CURE });
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new SottoError(
      "CONFIG_INVALID",
      "the URL of a webhook is not encrypted: voices could be heard on the way",
      { cure: CURE },
    );
  }
  return url;
}
