import { spawn } from "node:child_process";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";

/** How alike two recordings sound: the correlation of their samples at 8 kHz, 1 for the same, about 0 for strangers. */
export async function likeness(first: Uint8Array, second: Uint8Array): Promise<number> {
  const [a, b] = [await decode(first), await decode(second)];
  const length = Math.min(a.length, b.length);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let at = 0; at < length; at++) {
    const [x, y] = [a[at]!, b[at]!];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

async function decode(recording: Uint8Array): Promise<Int16Array> {
  const args = ["-v", "error", "-i", "-", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"];
  const ffmpeg = spawn("ffmpeg", args, { stdio: ["pipe", "pipe", "inherit"] });
  ffmpeg.stdin.end(recording);
  const [pcm, [code]] = await Promise.all([buffer(ffmpeg.stdout), once(ffmpeg, "close")]);
  if (code !== 0) throw new Error("ffmpeg could not decode a recording");
  return new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1);
}
