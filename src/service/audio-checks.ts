import { readFile } from "node:fs/promises";
import { ffmpegVersion, roomForRecordings, sandboxLayers } from "../audio/index.ts";
import type { Config } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import { type Check, check, fail, type Verdict, warn } from "./check.ts";

/** What `sotto doctor` says of ffmpeg, of what stands around it, and of where recordings lie meanwhile. */
export const checkAudio = async (audio?: Config["audio"]): Promise<Check[]> => [
  await check("ffmpeg", lookForFfmpeg),
  await check("sandbox", () => lookAtLayers(audio?.requireSandbox ?? false)),
  await check("memory", lookAtMemory),
];

/** Without it, Sotto sends less but does not stand still. */
async function lookForFfmpeg(): Promise<Verdict> {
  try {
    return await ffmpegVersion();
  } catch (thrown) {
    if (!(thrown instanceof SottoError && thrown.code === "FFMPEG_MISSING")) throw thrown;
    return warn(`${thrown.message}: only mono Ogg/Opus can be sent`, thrown.cure);
  }
}

/** The allow-lists, the empty environment and the limits on time and output need nothing of the machine. */
async function lookAtLayers(required: boolean): Promise<Verdict> {
  const { sandbox, reason, limits } = await sandboxLayers();
  const memory = limits ? "its memory is limited, and it can write no file" : "its memory is not limited";
  if (!sandbox) {
    const message = `ffmpeg runs without a sandbox (${reason}): a recording that breaks it sees this user's files and the network; ${memory}`;
    const cure = "install bubblewrap, e.g. `apt install bubblewrap`, and let it make user namespaces";
    return required ? fail(message, cure) : warn(message, cure);
  }
  const inside = "ffmpeg runs in bubblewrap: no network, no files but libraries";
  if (!limits) return warn(`${inside}; ${memory}`, "install util-linux, which has prlimit");
  return `${inside}; ${memory}`;
}

/** Some recordings must be held whole; memory that is swapped out lies on a disk in clear. */
async function lookAtMemory(): Promise<Verdict> {
  const room = `${Math.floor((await roomForRecordings()) / 1024 ** 2)} MiB for recordings that come as a stream and must be held`;
  const swaps = await readFile("/proc/swaps", "utf8").catch(() => "");
  if (swaps.trim().split("\n").length < 2) return `${room}; no swap`;
  return warn(
    `${room}; swap is on: sound in memory may be written to it`,
    "encrypt the swap, or turn it off with `swapoff -a`",
  );
}
