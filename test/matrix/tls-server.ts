import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as http from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate extends Disposable {
  readonly key: string;
  readonly cert: string;
  /** The certificate is its own authority. */
  readonly caFile: string;
}

export const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** A certificate nobody trusts yet, for `localhost` and `chat.example`. */
export function selfSigned(): Certificate {
  const dir = mkdtempSync(join(tmpdir(), "sotto-tls-"));
  const [keyFile, caFile] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost,DNS:chat.example,DNS:*.chat.example"],
      ...["-keyout", keyFile, "-out", caFile],
    ],
    { stdio: "ignore" },
  );
  return {
    key: readFileSync(keyFile, "utf8"),
    cert: readFileSync(caFile, "utf8"),
    caFile,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true }),
  };
}

export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Where clients wanted to go. */
  readonly targets: string[];
}

/** A proxy whose every tunnel ends at one local port, so that a test can own any host name. */
export async function tunnelTo(port: number): Promise<Proxy> {
  const targets: string[] = [];
  const server = http.createServer();
  const sockets = new Set<{ destroy(): void }>();
  server.on("connect", (request, client) => {
    targets.push(request.url ?? "");
    const upstream = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [upstream, client]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
