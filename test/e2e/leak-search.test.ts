import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { leakSearch, recordingSearch } from "./leak-search.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// A search that finds nothing proves nothing unless it can find something.

const recording = randomBytes(4_096);
const search = leakSearch({ words: ["the-secret-garden"], isOfRecording: recordingSearch([recording]) });

const request = (parts: Partial<RecordedRequest>): RecordedRequest => ({
  method: "PUT",
  path: "/_matrix/client/v3/rooms/!a/send/m.room.encrypted/1",
  headers: { "content-type": "application/octet-stream" },
  body: Buffer.alloc(0),
  ...parts,
});
const json = (value: object) => request({ body: Buffer.from(JSON.stringify(value)) });
const part = recording.subarray(1_001, 1_001 + 32);

describe("the search for leaks finds", () => {
  it.each<[string, RecordedRequest]>([
    ["a clear message, by its path", request({ path: "/_matrix/client/v3/rooms/!a/send/m.room.message/1" })],
    ["a clear message, by its type", json({ msgtype: "m.audio" })],
    ["a clear message, by its event type", json({ type: "m.room.message" })],
    ["a waveform", json({ info: { waveform: [1, 2, 3] } })],
    ["a duration", json({ info: { duration: 1500 } })],
    ["a marker of a voice message", json({ "org.matrix.msc3245.voice": {} })],
    ["a MIME type", request({ headers: { "content-type": "audio/ogg" } })],
    ["the name of an upload", request({ path: "/_matrix/media/v3/upload?filename=a" })],
    ["a secret word", json({ body: "walk into the-secret-garden" })],
    ["a secret word, percent-encoded", request({ path: "/upload/the%2Dsecret%2Dgarden" })],
    ["a secret word, as base64", json({ x: `_${Buffer.from("the-secret-garden").toString("base64")}` })],
    ["a clear upload", request({ body: recording })],
    ["32 bytes of a recording among others", request({ body: Buffer.concat([randomBytes(77), part]) })],
    ["32 bytes of a recording, as base64", json({ data: `ab${part.toString("base64")}` })],
    ["an Ogg stream of anybody", request({ body: Buffer.from("OggS\0\x02 and so on") })],
    ["a WAVE file of anybody", request({ body: Buffer.from("RIFF\x24\x08\0\0WAVEfmt ") })],
  ])("%s", (_name, planted) => {
    expect(search(planted)).not.toEqual([]);
  });
});

describe("the search for leaks passes", () => {
  it("ciphertext, and what must be in clear beside it", () => {
    const content = {
      algorithm: "m.megolm.v1.aes-sha2",
      ciphertext: randomBytes(900).toString("base64"),
      session_id: randomBytes(32).toString("base64"),
      "m.relates_to": { rel_type: "m.thread", event_id: "$a" },
    };
    expect(search(json(content))).toEqual([]);
    expect(search(request({ body: randomBytes(10_000) }))).toEqual([]);
    expect(search(json({ events: { "m.room.message": 0, "m.room.name": 50 } }))).toEqual([]);
  });
});
