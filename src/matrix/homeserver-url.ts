import { SottoError } from "../errors.ts";
import { isLoopback } from "../model/loopback.ts";

/**
 * The base URL of a homeserver's client-server API, checked: `https`, or `http` to this machine only, because the
 * access token travels in every request. No trailing slash; a path before `/_matrix` is kept.
 *
 * @throws SottoError `CONFIG_INVALID`
 */
export function parseHomeserverUrl(input: string): URL {
  const url = URL.parse(input);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new SottoError("CONFIG_INVALID", `"${input}" is not the URL of a homeserver`, {
      cure: "write it as https://matrix.example.org",
    });
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    // the input may hold a secret here: it is not repeated
    throw new SottoError("CONFIG_INVALID", "the homeserver's URL holds more than a host and a path", {
      cure: "write it as https://matrix.example.org",
    });
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new SottoError(
      "CONFIG_INVALID",
      `${url.origin} is not encrypted: the access token could be read on the way`,
      {
        cure: "use https, or the loopback address of a homeserver on this machine",
      },
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}
