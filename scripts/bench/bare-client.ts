import { randomBytes, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

/** Requests over kept-alive connections, and nothing besides. */
export class BareClient {
  readonly #baseUrl: string;
  readonly #accessToken: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(baseUrl: string, accessToken: string) {
    this.#baseUrl = baseUrl;
    this.#accessToken = accessToken;
  }

  /** Rejects for any answer but 200. */
  ask(method: string, path: string, contentType?: string, body: Buffer = Buffer.alloc(0)): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${this.#accessToken}`,
        "content-length": body.length,
        ...(contentType && { "content-type": contentType }),
      };
      const sent = request(this.#baseUrl + path, { agent: this.#agent, method, headers }, (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece) => pieces.push(piece));
        answer.on("end", () =>
          answer.statusCode === 200
            ? resolve(Buffer.concat(pieces))
            : reject(new Error(`${method} ${path}: ${answer.statusCode}`)),
        );
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /** Gives the content URI. */
  async upload(bytes: Buffer): Promise<string> {
    const answer = await this.ask("POST", "/_matrix/media/v3/upload", "application/octet-stream", bytes);
    return (JSON.parse(answer.toString()) as { content_uri: string }).content_uri;
  }

  /** An event with so many random characters in place of its ciphertext. */
  async putEvent(roomId: string, ciphertext: number): Promise<void> {
    const content = {
      algorithm: "m.megolm.v1.aes-sha2",
      ciphertext: randomBytes((ciphertext * 3) / 4).toString("base64"),
      session_id: randomBytes(32).toString("base64"),
    };
    const room = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}`;
    const path = `${room}/send/m.room.encrypted/${randomUUID()}`;
    await this.ask("PUT", path, "application/json", Buffer.from(JSON.stringify(content)));
  }

  close(): void {
    this.#agent.destroy();
  }
}
