import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryIntake } from "../../src/connector/contract/index.ts";
import { EmailConnector } from "../../src/connector/email/connector.ts";
import { hasOpenssl, selfSigned } from "../matrix/tls-server.ts";
import { attached, contextOf, recording, send, settingsOf, startMail } from "../support/mail.ts";
import { temporaryDirectory } from "../support/temporary.ts";

if (!hasOpenssl) console.warn("skipped: STARTTLS, for there is no openssl to make a certificate with");

function certificate() {
  const made = selfSigned();
  onTestFinished(() => made[Symbol.dispose]());
  const folder = temporaryDirectory();
  const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  writeFileSync(files.certFile, made.cert);
  writeFileSync(files.keyFile, made.key, { mode: 0o600 });
  return { ...made, files };
}

describe.skipIf(!hasOpenssl)("STARTTLS", () => {
  const mail = () => ({ attachments: [attached(recording())] });

  it("carries a mail to whom the certificate says", async () => {
    const { files, cert } = certificate();
    const { connector, intake, port } = await startMail({ tls: files });
    const tls = { ca: cert, servername: "localhost" };
    await send(port, mail(), { ignoreTLS: false, requireTLS: true, tls });
    expect(intake.taken).toHaveLength(1);
    expect(await connector.check()).toMatchObject([{ ok: true }, { ok: true, message: /valid until/ }]);
  });

  it("is not optional where there is a certificate", async () => {
    const { port } = await startMail({ tls: certificate().files });
    await expect(send(port, mail())).rejects.toMatchObject({ responseCode: 530 });
  });

  it.each<[string, (files: { certFile: string; keyFile: string }) => void]>([
    ["a key that others may read", ({ keyFile }) => chmodSync(keyFile, 0o644)],
    ["a key that is not there", (files) => Object.assign(files, { keyFile: "/nowhere/key.pem" })],
    ["a key of another certificate", ({ keyFile }) => writeFileSync(keyFile, certificate().key)],
    ["a certificate that is none", ({ certFile }) => writeFileSync(certFile, "certificate")],
  ])("does not begin with %s", async (_what, spoil) => {
    const { files } = certificate();
    spoil(files);
    const connector = new EmailConnector(settingsOf({ tls: files }), contextOf());
    await expect(connector.start(new MemoryIntake())).rejects.toMatchObject({ code: "SECRET_UNREADABLE" });
    expect(await connector.check()).toMatchObject([{ ok: false, cure: /./ }]);
    await connector.stop();
  });
});
