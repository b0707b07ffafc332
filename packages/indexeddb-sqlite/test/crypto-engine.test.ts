import { expect, test } from "vitest";
import { start } from "./child.ts";
import { temporaryPath } from "./support.ts";

/** Its globals are the process's, so it gets one of its own. */
const program = (path: string, machines: number) => `
  const { openIndexedDB } = await import(${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)});
  const { close, ...globals } = openIndexedDB(${JSON.stringify(path)});
  Object.assign(globalThis, globals);
  const wasm = await import(${JSON.stringify(import.meta.resolve("@matrix-org/matrix-sdk-crypto-wasm"))});
  await wasm.initAsync();
  const open = async (number) => {
    const user = new wasm.UserId("@user" + number + ":example.org");
    const machine = await wasm.OlmMachine.initialize(user, new wasm.DeviceId("DEVICE"), "store" + number);
    await machine.updateTrackedUsers([user, new wasm.UserId("@other:example.org")]);
    const key = machine.identityKeys.ed25519.toBase64();
    machine.close();
    return key;
  };
  console.log(JSON.stringify(await Promise.all(Array.from({ length: ${machines} }, (_, number) => open(number)))));
  close();
`;

test("the WASM crypto engine keeps its identities, with four machines in one file at the same time", async () => {
  const path = temporaryPath();
  const run = async () => {
    const child = start(program(path, 4));
    const line = await child.line(/^\[/);
    await child.exited;
    return JSON.parse(line);
  };
  const first = await run();
  expect(new Set(first).size).toBe(4);
  expect(await run()).toEqual(first);
});
