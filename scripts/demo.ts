import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { drawWaveform, spokenDuration } from "../src/commands/shared/output.ts";
import type { SendResult } from "../src/service/pipeline.ts";
import { pythonEnvironment } from "../synapse-dev/python.ts";
import { startSynapse } from "../synapse-dev/synapse.ts";
import { signListener } from "../test/witness/sign-listener.ts";
import { startWitness } from "../test/witness/witness.ts";
import { likeness } from "./demo/likeness.ts";
import { runSotto } from "./demo/run-sotto.ts";
import { Steps } from "./demo/steps.ts";
import { useFfmpeg } from "./ffmpeg.ts";

/**
 * `npm run demo`: one voice message from Sotto to an independent client (matrix-nio), over a real homeserver on this
 * machine, and a comparison of what was heard with what was said. Everything it starts, it stops.
 */
const root = join(import.meta.dirname, "..");
const recording = join(root, "samples/hello.flac");
const work = join(root, ".dev/demo");

const steps = new Steps();
await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true, mode: 0o700 });

await steps.run("set-up: Synapse, matrix-nio and ffmpeg", async () => {
  const needed = [useFfmpeg(), pythonEnvironment("synapse"), pythonEnvironment("witness")] as const;
  const [ffmpeg] = await Promise.all(needed);
  return `ffmpeg ${ffmpeg.version}`;
});

const synapse = await steps.run("a real Synapse starts on this machine", () => startSynapse());
try {
  const password = "a password for the demo";
  const [voice, ada] = await steps.run("two people: voice (Sotto) and ada (matrix-nio)", async () => [
    await synapse.registerUser("voice", password),
    await synapse.registerUser("ada", password),
  ]);

  const listener = await startWitness({
    baseUrl: synapse.baseUrl,
    storeDir: join(work, "ada"),
    ...ada,
  });
  try {
    await steps.run("ada's own identity signs her device (Sotto sends keys to signed devices only)", () =>
      signListener({ baseUrl: synapse.baseUrl, ...ada }),
    );
    const { roomId } = await steps.run("ada makes an encrypted room and invites voice", () =>
      listener.request("create_room", { name: "Demo", invite: [voice.userId], encrypted: true }),
    );

    const passwordFile = join(work, "password");
    await writeFile(passwordFile, password, { mode: 0o600 });
    const config = join(work, "sotto.yaml");
    await steps.run("sotto init: a device, an identity, a recovery key", () =>
      runSotto(
        ["init", "--homeserver", synapse.baseUrl, "--user", voice.userId, "--password-file", passwordFile],
        ["--config", config, "--data-dir", join(work, "voice"), "--yes"],
        ["--recovery-key-out", join(work, "recovery-key.txt")],
      ),
    );

    const sent = await steps.run("sotto send samples/hello.flac", async () => {
      const result = (await runSotto([
        "send",
        recording,
        "--room",
        roomId,
        "--config",
        config,
      ])) as SendResult;
      return {
        ...result,
        toString: () => `${result.size} bytes of Opus, key to ${result.sharedWith.length} signed device(s)`,
      };
    });

    const file = join(work, "heard.ogg");
    await steps.run("ada receives it, checks its hash, decrypts it", () =>
      listener.request("receive_voice", { roomId, eventId: sent.eventId, out: file, timeoutMs: 30_000 }),
    );
    const same = await steps.run("what was heard is compared with what was said", async () => {
      const [said, heard] = [await readFile(recording), await readFile(file)];
      return likeness(said, heard);
    });

    console.log(`\n  ${drawWaveform(sent.waveform)}  ${spokenDuration(sent.durationMs)}`);
    console.log(`  the same sound: ${(same * 100).toFixed(1)} % (correlation of the two decoded recordings)`);
    console.log(`  decrypted file: ${relative(process.cwd(), file)}`);
    if (same < 0.9) throw new Error("what was heard is not what was said");
  } finally {
    await listener.close();
  }
} finally {
  await steps.run("everything that was started is stopped", () => synapse.stop());
}
