import type { SottoError } from "../../errors.ts";
import { isThisMachine } from "../../model/address-list.ts";
import type { Connector, ConnectorCheck, ConnectorContext, Intake } from "../../model/connector.ts";
import { Delivery } from "./delivery.ts";
import { MailServer } from "./server.ts";
import type { EmailSettings } from "./settings.ts";
import { readTls, type Tls } from "./tls.ts";

/** Recordings that come by mail. The client keeps each mail until it is taken: nothing of it is ours before. */
export class EmailConnector implements Connector {
  readonly #settings: EmailSettings;
  readonly #context: ConnectorContext;
  #server: MailServer | undefined;

  constructor(settings: EmailSettings, context: ConnectorContext) {
    this.#settings = settings;
    this.#context = context;
  }

  /** Where it listens; undefined when it does not. */
  get port(): number | undefined {
    return this.#server?.port;
  }

  async start(intake: Intake): Promise<void> {
    const { recipients } = this.#settings;
    const rooms =
      recipients &&
      new Map(Object.entries(recipients).map(([address, room]) => [address.toLowerCase(), room]));
    const delivery = new Delivery(intake, rooms, this.#context.logger);
    this.#server = new MailServer({
      settings: this.#settings,
      tls: this.#readTls(),
      logger: this.#context.logger,
      knows: (recipient) => !rooms || rooms.has(recipient.toLowerCase()),
      deliver: (mail, to) => delivery.deliver(mail, to),
    });
    await this.#server.listen();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    await server?.close();
    if (this.#server === server) this.#server = undefined;
  }

  async check(): Promise<ConnectorCheck[]> {
    const { listen, networks, protocol, tls } = this.#settings;
    const checks: ConnectorCheck[] = [];
    if (this.#server) checks.push({ ok: true, message: `takes mail by ${protocol} on ${listen}` });
    if (tls) checks.push(this.#checkCertificate(Date.now()));
    else if (!networks.every(isThisMachine)) {
      checks.push({
        ok: false,
        message: "other machines may send mail here, and their recordings come in clear",
        cure: "name a certificate under `tls`, or let a mail server on this machine hand the mail on",
      });
    }
    return checks;
  }

  #checkCertificate(nowMs: number): ConnectorCheck {
    try {
      const { validTo } = this.#readTls()!;
      if (Date.parse(validTo) > nowMs)
        return { ok: true, message: `the certificate is valid until ${validTo}` };
      return {
        ok: false,
        message: `the certificate ran out at ${validTo}`,
        cure: "renew it, then start again",
      };
    } catch (thrown) {
      const { message, cure } = thrown as SottoError;
      return { ok: false, message, cure };
    }
  }

  #readTls(): Tls | undefined {
    const { tls } = this.#settings;
    if (!tls) return undefined;
    const { path } = this.#context;
    return readTls({ certFile: path(tls.certFile), keyFile: path(tls.keyFile) });
  }
}
