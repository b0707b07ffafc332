import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { onTestFinished } from "vitest";

/** A UNIX socket of a process that lives and is too busy to answer: nobody else can connect, until the test is over. */
export async function busyListener(path: string): Promise<void> {
  const script = `require("node:net").createServer().listen({ path: process.argv[1], backlog: 1 }, () => {
    require("node:fs").writeSync(1, "here");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const child = spawn(process.execPath, ["-e", script, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  for (let code = ""; code !== "EAGAIN"; ) {
    const socket = connect(path).on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    code = await new Promise<string>((resolve) => {
      socket.once("connect", () => resolve(""));
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
    });
  }
}
