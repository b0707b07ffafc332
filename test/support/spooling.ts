import { once } from "node:events";
import { encryptAttachment } from "../../src/media/index.ts";
import { Spooled } from "../../src/outbox/spooled.ts";
import { openStore } from "../../src/store/index.ts";

// Encrypts a recording into the spool of the store that it is given, a piece whenever it is told to, until it is killed.

const [path, fill, pieceBytes] = process.argv.slice(2) as [string, string, string];
const store = openStore({ path, key: Buffer.alloc(32, 7), userId: "@voice:example.org", deviceId: "SOTTO1" });

async function* recording(): AsyncGenerator<Uint8Array> {
  for (;;) {
    process.stdout.write("ready\n");
    await once(process.stdin, "data");
    yield Buffer.alloc(Number(pieceBytes), Number(fill));
  }
}

await Spooled.of(encryptAttachment(recording()).ciphertext, {
  spool: store.spool,
  txnId: "killed",
  limit: Promise.resolve(undefined),
});
