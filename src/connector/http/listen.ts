import { chmodSync, lstatSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { SottoError } from "../../errors.ts";
import { AddressList } from "./addresses.ts";

/** Where to listen: a port of one address, or a socket in the file system. */
export type Place = { host: string; port: number } | { path: string };

const LOOPBACK = new AddressList(["127.0.0.0/8", "::1"]);
const SOCKET_MODE = 0o660;

/**
 * Reads `127.0.0.1:8090`, `[::1]:8090` or a path, which has a slash in it.
 *
 * @returns undefined when it is none
 */
export function parsePlace(text: string): Place | undefined {
  if (text.includes("/")) return { path: text };
  const [, six, name, port] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? name;
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host, port: Number(port) };
}

/** Whether only this machine can connect. A name other than `localhost` can lead anywhere. */
export const isLocal = (place: Place): boolean =>
  "path" in place || place.host === "localhost" || LOOPBACK.has(place.host);

/** As the config writes it. */
export function placeText(place: Place): string {
  if ("path" in place) return place.path;
  return `${place.host.includes(":") ? `[${place.host}]` : place.host}:${place.port}`;
}

/**
 * Resolves when it listens. A socket that nobody answers on any more is cleared away.
 *
 * @throws SottoError `CONNECTOR_FAILED`
 */
export async function bind(server: Server, place: Place): Promise<void> {
  if ("path" in place) await clearAway(place.path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  // the socket must never be open to all, not even between bind and chmod
  const before = process.umask(0o117);
  server.listen(place, resolve);
  process.umask(before);
  try {
    await promise;
  } catch (cause) {
    throw failed(place, cause as NodeJS.ErrnoException);
  } finally {
    server.off("error", reject);
  }
  if ("path" in place) chmodSync(place.path, SOCKET_MODE);
}

async function clearAway(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new SottoError("CONNECTOR_FAILED", `${path} is there and is no socket`, {
      cure: "give `listen` another path, or move what lies there",
    });
  }
  if (!(await isAnswered(path))) rmSync(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

const CURES: Record<string, string> = {
  EADDRINUSE: "give `listen` another address, or end the program that listens there",
  EADDRNOTAVAIL: "give `listen` an address of this machine",
  EACCES: "give `listen` a port above 1023, or a path that this user may write to",
  ENOENT: "make the socket's folder, or give `listen` another path",
};

function failed(place: Place, cause: NodeJS.ErrnoException): SottoError {
  const cure = CURES[cause.code ?? ""];
  return new SottoError("CONNECTOR_FAILED", `cannot listen on ${placeText(place)}`, {
    cause,
    ...(cure ? { cure } : {}),
  });
}
