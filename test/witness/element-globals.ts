import "fake-indexeddb/auto";
import { Console } from "node:console";
import { Writable } from "node:stream";

// What must be in place before matrix-js-sdk is loaded. Its crypto store lies in fake-indexeddb, that is in
// memory: a witness that has ended has forgotten its device, as a browser whose data were cleared. That is
// fine here, because what a test needs from a second start is a new device.

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
// Standard output carries the answers, and both the SDK and its engine log there.
globalThis.console = new Console(process.env.WITNESS_LOG === undefined ? nowhere : process.stderr);
