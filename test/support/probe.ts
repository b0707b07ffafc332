import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** What a probe gets at a UNIX socket. */
export async function probe(socketPath: string, path: string): Promise<{ status: number; body: string }> {
  const asked = request({ socketPath, path, agent: false }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode!, body: await text(answer) };
}
