import { SottoError } from "../errors.ts";
import type { PostgresAddress } from "./postgres-address.ts";
import { quoted } from "./postgres-sql.ts";

/** Why a connection was refused, by what the server or TLS says, and what helps. */
const REFUSALS: readonly [says: RegExp, message: string | undefined, cure: string][] = [
  [
    /^42501 /,
    undefined,
    "let it in: as a superuser, GRANT CONNECT ON DATABASE; or name another user in the URL",
  ],
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
  [
    /^ECONNRESET |terminated unexpectedly/,
    undefined,
    "check that this is PostgreSQL's port; if it is, its log says why it hung up",
  ],
];

/** Why something could not be read, by what the server or the connection says, and what helps. */
const READS: readonly [says: RegExp, cure: (role: string) => string][] = [
  [
    /row-level security/,
    (role) =>
      `let it see every row: as a superuser, ALTER ROLE ${role} BYPASSRLS; or name its owner in the URL`,
  ],
  [
    /^42501 /,
    (role) => `let it read: as a superuser, GRANT pg_read_all_data TO ${role}; or name its owner in the URL`,
  ],
  [
    /^(?:57P0\d|08...|ECONNRESET|EPIPE|ETIMEDOUT) |connection (?:was |is |has been )?(?:terminat|clos)|terminated|not queryable|read timeout/i,
    () => "run it again; why the connection ended is in the database's log",
  ],
  [/^(?:57014|55P03|25P03|40...|53...) /, () => "run it again when the database has less to do"],
];

const saysOf = (thrown: Error): string => `${(thrown as NodeJS.ErrnoException).code ?? ""} ${thrown.message}`;

/** What helps against an answer that is none; undefined where nothing is known to. */
export function cureOf({ user }: PostgresAddress, thrown: Error): string | undefined {
  const [, cure] = READS.find(([pattern]) => pattern.test(saysOf(thrown))) ?? [];
  return cure?.(quoted(user));
}

/** What went wrong when something was asked. */
export function notRead(address: PostgresAddress, thrown: unknown): SottoError {
  const cause = thrown as Error;
  const cure = cureOf(address, cause);
  return new SottoError("DATABASE_UNREADABLE", `cannot read ${named(address)}`, {
    cause,
    ...(cure && { cure }),
  });
}

const named = ({ host, port, database }: PostgresAddress): string =>
  `PostgreSQL at ${host.startsWith("/") ? host : `${host}:${port}`}, database ${database}`;

/** What went wrong when a connection was to be made. */
export function notOpened(address: PostgresAddress, thrown: Error): SottoError {
  const cause = thrown instanceof AggregateError ? (thrown.errors[0] as Error) : thrown;
  const says = saysOf(cause);
  const refusal = REFUSALS.find(([pattern]) => pattern.test(says));
  const [, message, cure] = refusal ?? [undefined, undefined, cureOf(address, cause)];
  return new SottoError("DATABASE_UNREADABLE", `${named(address)}: ${message ?? cause.message}`, {
    ...(cure && { cure }),
  });
}
