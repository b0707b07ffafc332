/**
 * Encrypts one message after the other on the store in the directory given, and reports each. Ends only by a signal.
 */
import { openEngine, wasm } from "../../src/engine.ts";

const [directory = ""] = process.argv.slice(2);
const room = () => new wasm.RoomId("!room:example.org");
const key = new Uint8Array(32).fill(7);

const { machine } = await openEngine({ userId: "@alice:example.org", deviceId: "A", directory, key });
const identity = machine.identityKeys.ed25519.toBase64();
for (;;) {
  await machine.shareRoomKey(room(), [], new wasm.EncryptionSettings());
  const content = JSON.parse(await machine.encryptRoomEvent(room(), "m.room.message", "{}"));
  process.stdout.write(`${JSON.stringify({ identity, ...content })}\n`);
}
