import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import nodemailer, { type SendMailOptions } from "nodemailer";
import { onTestFinished } from "vitest";
import { MemoryIntake } from "../../src/connector/contract/index.ts";
import { EmailConnector } from "../../src/connector/email/connector.ts";
import { emailSettings } from "../../src/connector/email/settings.ts";
import { createLogger } from "../../src/log.ts";
import type { ConnectorContext } from "../../src/model/connector.ts";

/** Written settings as the config would read them. */
export const settingsOf = (written: object) =>
  emailSettings.parse({ type: "email", listen: "127.0.0.1:0", ...written });

/** A house of which only the log is looked at. */
export function contextOf(log: string[] = []): ConnectorContext {
  return {
    name: "mail",
    logger: createLogger({ level: "debug", json: true, write: (line) => log.push(line) }),
    path: (written) => written,
    signer: { publicKeyPem: "", sign: () => new Uint8Array() },
  };
}

/** The connector at work, until the test is over. */
export async function startMail(written: object = {}) {
  const log: string[] = [];
  const intake = new MemoryIntake();
  const connector = new EmailConnector(settingsOf(written), contextOf(log));
  await connector.start(intake);
  onTestFinished(() => connector.stop());
  return { connector, intake, log, port: connector.port! };
}

/** Bytes that only their type says are a recording. */
export const recording = (size = 5_000): Buffer => randomBytes(size);

/** A mail as an ordinary program makes it. */
export async function compose(options: SendMailOptions): Promise<Buffer> {
  const { message } = await nodemailer
    .createTransport({ streamTransport: true, buffer: true })
    .sendMail({ from: "pbx@example.org", to: "voicemail@sotto.local", ...options });
  return message as Buffer;
}

export const attached = (content: Buffer, filename = "msg0001.wav", contentType = "audio/x-wav") => ({
  filename,
  content,
  contentType,
});

/** What the client heard when its mail was not taken. */
export interface Refused extends Error {
  responseCode?: number;
  response?: string;
}

/** Sends as an SMTP client does; rejects with {@link Refused}. */
export async function send(
  port: number,
  options: SendMailOptions & { raw?: Buffer },
  transport: object = {},
): Promise<string> {
  const mailer = nodemailer.createTransport({ host: "127.0.0.1", port, ignoreTLS: true, ...transport });
  try {
    const addressed = { from: "pbx@example.org", to: "voicemail@sotto.local", ...options };
    const envelope = { from: addressed.from as string, to: [addressed.to].flat() as string[] };
    const { response, rejectedErrors } = await mailer.sendMail(
      options.raw ? { envelope, raw: options.raw } : addressed,
    );
    // by LMTP it resolves, whatever the recipients were told
    if (rejectedErrors?.[0]) throw rejectedErrors[0];
    return response;
  } finally {
    mailer.close();
  }
}

/** A client that says what it likes. */
export class Talker {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => undefined); // it may be cut off
    this.closed = once(this.socket, "close");
    this.#lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
    onTestFinished(() => void this.socket.destroy());
  }

  /** One whole answer; empty when the connection has ended. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) return lines.join("\n");
      lines.push(value);
      if (!/^\d{3}-/.test(value)) return lines.join("\n");
    }
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  say(line: string): Promise<string> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  /** Up to where the mail's own text comes. */
  async begin({ hello = "EHLO client.test", to = ["voicemail@sotto.local"] } = {}): Promise<void> {
    await this.reply();
    await this.say(hello);
    await this.say("MAIL FROM:<pbx@example.org>");
    for (const recipient of to) await this.say(`RCPT TO:<${recipient}>`);
    const answer = await this.say("DATA");
    if (!answer.startsWith("354")) throw new Error(answer);
  }
}
