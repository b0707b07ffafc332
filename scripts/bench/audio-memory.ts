// Makes one clip of a recording that comes as a stream, with so many encoders, and prints what this process held at most,
// in MB.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { encodeVoice } from "../../src/audio/index.ts";
import { encryptAttachment } from "../../src/media/attachment.ts";

const [path, encoders] = process.argv.slice(2);
const { chunks, facts } = encodeVoice({ stream: createReadStream(path!) }, { encoders: Number(encoders) });
const { ciphertext } = encryptAttachment(chunks);
for await (const _ of ciphertext);
assert(!(await facts).truncated);
console.log(process.resourceUsage().maxRSS / 1024);
