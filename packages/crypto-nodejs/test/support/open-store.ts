/** Opens Alice's store in the directory given, says how that went, and holds on to it if told to. */
import { openEngine } from "../../src/engine.ts";

const [directory, hold] = process.argv.slice(2);

try {
  await openEngine({
    userId: "@alice:example.org",
    deviceId: "A",
    directory: directory ?? "",
    key: new Uint8Array(32).fill(7),
  });
  console.log("opened");
  if (hold) setInterval(() => {}, 1000);
} catch (error) {
  console.log((error as { code?: string }).code);
}
