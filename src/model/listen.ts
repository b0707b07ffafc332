/** Where a server of ours listens: a TCP port, or the path of a UNIX socket. */
export type ListenAddress = { host: string; port: number } | { path: string };

const LOOPBACK = "127.0.0.1";

/**
 * Reads `9090`, `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090`, or a path, which has a slash in it. A port alone is one
 * of the loopback address. Undefined for anything else.
 */
export function parseListen(written: string): ListenAddress | undefined {
  if (written.includes("/")) return { path: written };
  const [, ipv6, name, digits] = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]+))?:)?(\d{1,5})$/i.exec(written) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  return { host: ipv6 ?? name ?? LOOPBACK, port };
}

/** As a person would write it, with the port. */
export function listenText(address: ListenAddress): string {
  if ("path" in address) return address.path;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
