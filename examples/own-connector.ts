// A connector of one's own: a UNIX socket that takes a name in the first line, then a recording, and answers what
// became of it. In sotto.yaml: `connectors: { bell: { type: socket, path: ./bell.sock } }`, and a route from `bell`.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { buffer } from "node:stream/consumers";
import { type Connector, connectorType, type Intake, isPassing, z } from "sotto/connector";

class SocketConnector implements Connector {
  readonly #path: string;
  readonly #taking = new Set<Promise<void>>();
  #server: Server | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async start(intake: Intake): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const taking = buffer(socket)
        .then((bytes) => answerTo(bytes, intake))
        .then((answer) => void socket.end(`${answer}\n`))
        .catch(() => void socket.destroy()) // it went away, and will come again
        .finally(() => this.#taking.delete(taking));
      this.#taking.add(taking);
    });
    await once(this.#server.listen(this.#path), "listening");
  }

  async stop(): Promise<void> {
    this.#server?.close();
    await Promise.all(this.#taking);
  }
}

/** "taken" may be said once the intake has it: from then on nothing loses it. */
async function answerTo(bytes: Buffer, intake: Intake): Promise<"taken" | "later" | "never"> {
  const end = bytes.indexOf("\n");
  const recording = { id: bytes.toString("utf8", 0, end), source: { bytes: bytes.subarray(end + 1) } };
  return intake.take(recording).then(
    () => "taken",
    (error) => (isPassing(error) ? "later" : "never"),
  );
}

export const socket = connectorType({
  type: "socket",
  description: "A UNIX socket that takes recordings.",
  settings: z.strictObject({ type: z.literal("socket"), path: z.string().check(z.minLength(1)) }),
  load: async () => (settings, context) => new SocketConnector(context.path(settings.path)),
});
