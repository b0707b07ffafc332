import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { SottoError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { AddressList } from "../../model/address-list.ts";
import { parseListen } from "../../model/listen.ts";
import { type Answer, together } from "./answers.ts";
import type { EmailSettings } from "./settings.ts";
import type { Tls } from "./tls.ts";

export interface MailServerOptions {
  settings: EmailSettings;
  tls: Tls | undefined;
  logger: Logger;
  knows(recipient: string): boolean;
  /** Gives an answer for each recipient; does not reject. */
  deliver(mail: Buffer, recipients: string[]): Promise<Answer[]>;
}

const MAX_RECIPIENTS = 100;

/** The protocol's side: who may connect, what may come, and what is answered (RFC 5321, RFC 2033). */
export class MailServer {
  readonly #options: MailServerOptions;
  readonly #networks: AddressList;
  readonly #server: SMTPServer;
  /** By session. */
  readonly #deadlines = new Map<string, NodeJS.Timeout>();
  readonly #deliveries = new Map<string, Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(options: MailServerOptions) {
    const { protocol, maxBytes, maxClients, idleTimeout } = options.settings;
    this.#options = options;
    this.#networks = new AddressList(options.settings.networks);
    this.#server = new SMTPServer({
      lmtp: protocol === "lmtp",
      ...(options.tls && { cert: options.tls.cert, key: options.tls.key }),
      disabledCommands: options.tls ? ["AUTH"] : ["AUTH", "STARTTLS"],
      disableReverseLookup: true,
      logger: false, // it would log commands, and addresses in them
      size: maxBytes,
      rejectOversized: true,
      maxClients,
      maxRecipients: MAX_RECIPIENTS,
      socketTimeout: idleTimeout,
      onConnect: (session, answer) => answer(this.#refuseClient(session)),
      onMailFrom: ({ address }, session, answer) => answer(this.#refuseSender(address, session)),
      onRcptTo: ({ address }, _session, answer) =>
        answer(options.knows(address) ? null : refusal(550, "nobody here has this address")),
      onData: (stream, session, answer) => void this.#receive(stream, session, answer),
      onClose: ({ id }) => this.#forget(id),
    });
    this.#server.on("error", (error) =>
      options.logger.debug("a connection broke", { code: (error as NodeJS.ErrnoException).code }),
    );
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** @throws SottoError `CONNECTOR_FAILED` */
  async listen(): Promise<void> {
    const { listen } = this.#options.settings;
    try {
      // `once` rejects at an error
      await once(this.#server.listen(parseListen(listen)!), "listening");
    } catch (cause) {
      throw new SottoError("CONNECTOR_FAILED", `cannot listen on ${listen}`, {
        cause,
        cure: "give `listen` a free port above 1023 and an address of this machine",
      });
    }
  }

  /** Answers the mails that are whole, cuts off all others, and resolves when no connection is left. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#server.close(resolve);
    for (const { id } of this.#server.connections) this.#end(id);
    await closed;
    for (const id of [...this.#deadlines.keys()]) this.#forget(id);
  }

  /** Says goodbye; where a mail is being delivered, when it has its answer. */
  #end(id: string): void {
    const goodbye = (): void => {
      for (const connection of this.#server.connections) {
        if (connection.id === id) connection.send(421, "closing, try again later");
      }
    };
    const delivery = this.#deliveries.get(id);
    if (delivery) void delivery.then(goodbye);
    else goodbye();
  }

  #forget(id: string): void {
    clearTimeout(this.#deadlines.get(id));
    this.#deadlines.delete(id);
  }

  #refuseClient({ id, remoteAddress }: SMTPServerSession): Error | null {
    if (!this.#networks.has(remoteAddress)) {
      this.#options.logger.debug("a client outside of `networks` was refused", { remoteAddress });
      return refusal(554, "you may not send mail here");
    }
    this.#deadlines.set(
      id,
      setTimeout(() => this.#end(id), this.#options.settings.sessionTimeout),
    );
    return null;
  }

  #refuseSender(address: string, { secure }: SMTPServerSession): Error | null {
    const { settings, tls } = this.#options;
    if (tls && !secure) return refusal(530, "STARTTLS first");
    const sender = address.toLowerCase();
    const isAllowed =
      settings.senders?.some((allowed) => {
        const wanted = allowed.toLowerCase();
        return wanted.startsWith("@") ? sender.endsWith(wanted) : sender === wanted;
      }) ?? true;
    return isAllowed ? null : refusal(550, "this sender is not taken here");
  }

  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession, answer: Reply): Promise<void> {
    const mail = await collect(stream).catch(() => undefined);
    // too large, which the server answers itself, or cut off, which nobody hears
    if (!mail) return answer(refusal(451, "the mail did not come whole"));
    const recipients = session.envelope.rcptTo.map(({ address }) => address);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#deliveries.set(session.id, promise);
    const answers = await this.#options.deliver(mail, recipients);
    if (this.#options.settings.protocol === "lmtp") answer(null, answers.map(asResult));
    else {
      const { code, text } = together(answers);
      if (code === 250) answer(null, text);
      else answer(refusal(code, text));
    }
    this.#deliveries.delete(session.id);
    resolve();
  }
}

type Reply = (error: Error | null, message?: string | (string | Error)[]) => void;

/** Undefined for one that is too large, which is read to its end and not kept. */
async function collect(stream: SMTPServerDataStream): Promise<Buffer | undefined> {
  let chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    if (stream.sizeExceeded) chunks = [];
  }
  return stream.sizeExceeded ? undefined : Buffer.concat(chunks);
}

const asResult = ({ code, text }: Answer): string | Error => (code === 250 ? text : refusal(code, text));

const refusal = (responseCode: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode });
