import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Busboy, type BusboyHeaders } from "@fastify/busboy";

/** What came in one request. */
export interface Received {
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The field of this name, as JSON; the body, where that is JSON itself. */
  message: { type: string; timestamp?: string; data: Record<string, unknown> };
  audio: Buffer;
  filename: string;
  mimetype: string;
}

/** How it answers; 204 unless told. */
export type Reply = (request: IncomingMessage, response: ServerResponse, received: Received) => void;

/** A receiver as somebody would write it who has read the README, with another's multipart parser; on the loopback address. */
export class WebhookReceiver implements AsyncDisposable {
  /** Every request that came whole. */
  readonly received: Received[] = [];
  /** By `webhook-id`: what a receiver keeps that knows repeats. */
  readonly kept = new Map<string, Received>();
  reply: Reply = (_request, response) => response.writeHead(204).end();
  /** Answers before the body has come, where it gives true. */
  replyAtOnce: (response: ServerResponse) => boolean = () => false;
  requests = 0;
  readonly #server = createServer((request, response) => {
    this.requests += 1;
    if (!this.replyAtOnce(response)) this.#take(request, response).catch(() => response.destroy());
  });

  static async open(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook/path-that-is-secret?key=query-that-is-secret`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await parse(request.headers, await buffer(request));
    this.received.push(received);
    const id = request.headers["webhook-id"];
    if (typeof id === "string") this.kept.set(id, received);
    this.reply(request, response, received);
  }
}

async function parse(headers: IncomingHttpHeaders, body: Buffer): Promise<Received> {
  if (headers["content-type"] === "application/json")
    return { headers, body, message: JSON.parse(body.toString()) } as Received;
  const form = new Busboy({ headers: headers as BusboyHeaders });
  const received = { headers, body } as Received;
  const files: Promise<void>[] = [];
  form.on("field", (name, value) => {
    if (name === "message") received.message = JSON.parse(value);
  });
  form.on("file", (name, stream, filename, _encoding, mimetype) => {
    if (name !== "audio") return stream.resume();
    Object.assign(received, { filename, mimetype });
    files.push(
      buffer(stream).then((audio) => {
        received.audio = audio;
      }),
    );
  });
  Readable.from([body]).pipe(form);
  await once(form, "finish");
  await Promise.all(files);
  return received;
}

/** Whether one of the signatures is that of the secret, as Standard Webhooks have it verified. */
export function isSignedWith(secret: Uint8Array, { headers, body }: Received): boolean {
  const content = Buffer.concat([
    Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`),
    body,
  ]);
  const expected = createHmac("sha256", secret).update(content).digest();
  return String(headers["webhook-signature"])
    .split(" ")
    .some((signature) => {
      const given = Buffer.from(signature.slice("v1,".length), "base64");
      return (
        signature.startsWith("v1,") && given.length === expected.length && timingSafeEqual(given, expected)
      );
    });
}
