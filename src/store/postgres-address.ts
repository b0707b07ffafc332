import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { type ConnectionOptions, getCACertificates } from "node:tls";
import { SottoError } from "../errors.ts";
import { isLoopback } from "../model/loopback.ts";

/** Where a PostgreSQL database is, and who asks. */
export interface PostgresAddress {
  /** A name, an IP address, or the folder of a Unix socket. */
  host: string;
  port: number;
  user: string;
  database: string;
  /** How the server must prove itself; false where nothing between us and it is encrypted. */
  tls: ConnectionOptions | false;
}

const PORT = 5432;
/** As Debian and Fedora build it. */
const SOCKETS = "/var/run/postgresql";
const PARAMETERS = ["host", "port", "user", "dbname", "sslmode", "sslrootcert"];

/**
 * As libpq reads a URL (PostgreSQL, section 34.1.1.2), but that TLS is never a matter of what the other side likes: over a
 * network the server's certificate must hold unless `sslmode` says something else.
 * @throws SottoError `USAGE`
 */
export function addressOf(written: string): PostgresAddress {
  const url = parsed(written);
  if (url.password || url.searchParams.has("password"))
    throw new SottoError("USAGE", "a password in a command line can be read by everybody on this machine", {
      cure: "leave it out of the URL: name a file with --database-password-file, or use ~/.pgpass",
    });
  const asked = Object.fromEntries(url.searchParams);
  const unknown = Object.keys(asked).find((name) => !PARAMETERS.includes(name));
  if (unknown)
    throw wrong(`${unknown} is not understood here`, `of the parameters, ${PARAMETERS.join(", ")} are`);
  const host = asked.host || decoded(bare(url.hostname)) || SOCKETS;
  const user = asked.user || decoded(url.username) || userInfo().username;
  const database = asked.dbname || decoded(url.pathname.slice(1)) || user;
  const port = Number(asked.port || url.port || PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw wrong("its port is none", "give a number from 1 to 65535");
  return { host, port, user, database, tls: tlsOf(host, asked) };
}

function parsed(written: string): URL {
  // RFC 3986 lets a user stand before an empty host, and so does libpq
  const whole = written.replace(
    /^([a-z]+:\/\/[^/@]*@)(?=\/|\?|$)/i,
    (_all, user: string) => `${user}${encodeURIComponent(SOCKETS)}`,
  );
  const url = URL.parse(whole);
  if (url && /^postgres(?:ql)?:$/.test(url.protocol)) return url;
  throw wrong("this is no PostgreSQL URL", "write postgresql://USER@HOST/DATABASE");
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong("what stands behind a % is no character", "write % as %25");
  }
}

/** Without the brackets of IPv6. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, "$1");

const isLocal = (host: string): boolean =>
  host.startsWith("/") || isLoopback(host.includes(":") ? `[${host}]` : host);

function tlsOf(host: string, { sslmode, sslrootcert }: Record<string, string>): ConnectionOptions | false {
  const authority = sslrootcert === undefined ? {} : { ca: authorityOf(sslrootcert) };
  switch (sslmode ?? (isLocal(host) && !sslrootcert ? "disable" : "verify-full")) {
    case "disable":
      return false;
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
      return { ...authority, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case "verify-full":
      return { ...authority, rejectUnauthorized: true };
    default:
      throw wrong(
        `sslmode=${sslmode} is not understood here`,
        "use verify-full; or verify-ca, require or disable, each of which proves less",
      );
  }
}

function authorityOf(sslrootcert: string): string | string[] {
  if (sslrootcert === "system") return getCACertificates("system");
  try {
    return readFileSync(sslrootcert, "utf8");
  } catch {
    throw wrong(
      `sslrootcert=${sslrootcert} cannot be read`,
      "name the certificate of who signs the server's",
    );
  }
}

const wrong = (message: string, cure: string): SottoError =>
  new SottoError("USAGE", `the database's URL: ${message}`, { cure });
