import { SottoError } from "../errors.ts";
import type { PostgresAddress } from "./postgres-address.ts";

/** Why a connection was refused, by what the server or TLS says, and what helps. */
const REFUSALS: readonly [says: RegExp, message: string | undefined, cure: string][] = [
  [
    /password must be a (?:non-empty )?string/i,
    "it wants a password, and there is none",
    "name a file that holds it with --database-password-file, or write it into ~/.pgpass (mode 0600)",
  ],
  [/^28P01 /, undefined, "check the user, and the password in --database-password-file or ~/.pgpass"],
  [
    /no encryption/,
    undefined,
    "add ?sslmode=verify-full to its URL (and &sslrootcert=FILE where its certificate is of your own making), or let it in by pg_hba.conf",
  ],
  [/^28000 /, undefined, "let this user in by pg_hba.conf, or name another in the URL"],
  [/^3D000 /, undefined, "name the database that homeserver.yaml names"],
  [
    /does not support SSL/,
    "it speaks no TLS",
    "turn `ssl` on in postgresql.conf; or add ?sslmode=disable to its URL if nobody can stand in between",
  ],
  [
    /^(?:DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT_)/,
    undefined,
    "add &sslrootcert=FILE, the certificate of who signs the server's; and name the server as its certificate does",
  ],
  [
    /^(?:ECONNREFUSED|ENOENT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH) |timeout/,
    undefined,
    "check host and port, and that it runs",
  ],
];

/** What went wrong when a connection was to be made. */
export function notOpened({ host, port, database }: PostgresAddress, thrown: Error): SottoError {
  const cause = thrown instanceof AggregateError ? (thrown.errors[0] as Error) : thrown;
  const says = `${(cause as NodeJS.ErrnoException).code ?? ""} ${cause.message}`;
  const [, message, cure] = REFUSALS.find(([pattern]) => pattern.test(says)) ?? [];
  const where = `PostgreSQL at ${host.startsWith("/") ? host : `${host}:${port}`}, database ${database}`;
  return new SottoError("DATABASE_UNREADABLE", `${where}: ${message ?? cause.message}`, {
    ...(cure && { cure }),
  });
}
