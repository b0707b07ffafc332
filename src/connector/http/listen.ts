import { chmodSync } from "node:fs";
import type { Server } from "node:http";
import { removeDeadSocket } from "../../dead-socket.ts";
import { SottoError } from "../../errors.ts";
import { type ListenAddress, listenText } from "../../model/listen.ts";

const SOCKET_MODE = 0o660;

/**
 * Resolves when it listens. A socket that nobody answers on any more is cleared away.
 *
 * @throws SottoError `CONNECTOR_FAILED`
 */
export async function bind(server: Server, place: ListenAddress): Promise<void> {
  if ("path" in place) await removeDeadSocket(place.path);
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

const CURES: Record<string, string> = {
  EADDRINUSE: "give `listen` another address, end the program that listens there, or move what lies there",
  EADDRNOTAVAIL: "give `listen` an address of this machine",
  EACCES: "give `listen` a port above 1023, or a path that this user may write to",
  ENOENT: "make the socket's folder, or give `listen` another path",
};

function failed(place: ListenAddress, cause: NodeJS.ErrnoException): SottoError {
  const cure = CURES[cause.code ?? ""];
  return new SottoError("CONNECTOR_FAILED", `cannot listen on ${listenText(place)}`, {
    cause,
    ...(cure ? { cure } : {}),
  });
}
