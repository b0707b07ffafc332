import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeHomeserver } from "./homeserver.ts";

type Json = Record<string, unknown>;

interface Answer {
  status?: number;
  body: unknown;
}

/**
 * The fake homeserver behind HTTP, for clients that bring their own requests: one encrypted room with every user in it,
 * and a media repository. The access token is `<user ID>/<device ID>`. It says what it is in each answer's headers.
 */
export class HttpHomeserver {
  readonly fake = new FakeHomeserver();
  readonly members: string[] = [];
  readonly sent: Json[] = [];
  readonly #media = new Map<string, Buffer>();
  readonly #server: Server;

  constructor(room: string) {
    this.#server = createServer(async (request, response) => {
      const { status = 200, body } = this.#route(request, await read(request), room);
      const raw = Buffer.isBuffer(body);
      response.writeHead(status, {
        "content-type": raw ? "application/octet-stream" : "application/json",
        server: "fake homeserver of a test",
      });
      response.end(raw ? body : JSON.stringify(body));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #route(request: IncomingMessage, bytes: Buffer, room: string): Answer {
    const [user = "", device = ""] = (request.headers.authorization ?? "").replace("Bearer ", "").split("/");
    const path = decodeURIComponent(new URL(request.url ?? "", "http://fake").pathname);
    const json = () => JSON.parse(bytes.toString()) as Json;
    const toDevice = /^\/_matrix\/client\/v3\/sendToDevice\/([^/]+)\/[^/]+$/.exec(path);
    const sent = /\/send\/([^/]+)\/[^/]+$/.exec(path);
    if (path.endsWith("/account/whoami")) return { body: { user_id: user, device_id: device } };
    if (path.endsWith("/keys/upload")) return { body: this.fake.upload(user, device, json()) };
    if (path.endsWith("/keys/query")) return { body: this.fake.query(json()) };
    if (path.endsWith("/keys/claim")) return { body: this.fake.claim(json()) };
    if (toDevice?.[1])
      return { body: this.fake.sendToDevice(user, toDevice[1], json().messages as Record<string, Json>) };
    if (path.endsWith(`/${room}/joined_members`)) {
      return { body: { joined: Object.fromEntries(this.members.map((member) => [member, {}])) } };
    }
    if (path.endsWith(`/${room}/state/m.room.encryption/`))
      return { body: { algorithm: "m.megolm.v1.aes-sha2" } };
    if (path.endsWith(`/${room}/state/m.room.history_visibility/`))
      return { body: { history_visibility: "joined" } };
    if (sent) {
      this.sent.push({
        event_id: `$${this.sent.length}`,
        type: sent[1],
        sender: user,
        origin_server_ts: 1,
        content: json(),
      });
      return { body: { event_id: `$${this.sent.length - 1}` } };
    }
    if (path.includes("/media/") && path.endsWith("/upload")) {
      const id = `media${this.#media.size}`;
      this.#media.set(id, bytes);
      return { body: { content_uri: `mxc://example.org/${id}` } };
    }
    const media = path.includes("/media/") && this.#media.get(path.split("/").at(-1) ?? "");
    if (media) return { body: media };
    return { status: 404, body: { errcode: "M_NOT_FOUND", error: `the fake has no ${path}` } };
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
