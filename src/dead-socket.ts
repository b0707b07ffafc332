import { lstat, rm } from "node:fs/promises";
import { connect } from "node:net";

/**
 * Clears away the UNIX socket that a process left when it was killed. One behind which somebody is, however busy, stays,
 * and so does any other file: to listen there then fails.
 */
export async function removeDeadSocket(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSocket() && (await isDead(path))) await rm(path, { force: true });
}

/** Only a refusal says so: a process whose queue is full gives EAGAIN, another user's EACCES (unix(7), connect(2)). */
function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED"));
  });
}
