import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Account } from "../account.ts";
import { HolderLeaves, serve } from "./serve.ts";

/** The holder's end of the control socket. */
export interface ControlServer {
  /** Takes no more calls, and resolves when those it took are done, or given back. */
  close(): Promise<void>;
}

/** Only the holder of the store may listen, so a socket that lies there is a dead one's. Mode 0600. */
export async function listen(account: Account, path: string): Promise<ControlServer> {
  rmSync(path, { force: true });
  const running = new Set<Promise<void>>();
  /** Connections that have not made a call: nobody waits for these. */
  const silent = new Set<Socket>();
  const closing = new AbortController();
  const server = createServer((socket) => {
    socket.on("error", () => undefined); // whoever reads or writes is told
    if (closing.signal.aborted) return void socket.destroy();
    silent.add(socket);
    const done = serve(account, socket, { closing: closing.signal, onCall: () => silent.delete(socket) })
      .catch((thrown) => account.logger.debug("a command went away", { reason: String(thrown) }))
      .finally(() => {
        running.delete(done);
        silent.delete(socket);
        socket.destroy();
      });
    running.add(done);
  });
  await bind(server, path);
  return {
    async close() {
      closing.abort(new HolderLeaves());
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of silent) socket.destroy();
      await Promise.all(running);
      await closed;
    },
  };
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // the socket must never be open to others, not even between bind and chmod
    const before = process.umask(0o177);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve();
    });
    process.umask(before);
  });
}
