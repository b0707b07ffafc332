// node own-service.ts: what `sotto run` does, with a connector of one's own beside those of the house.
import { Sotto } from "sotto";
import { socket } from "./own-connector.ts";

await using sotto = await Sotto.open("sotto.yaml");
const stopped = new Promise((resolve) => process.once("SIGTERM", resolve));
const { ended } = await sotto.run({ connectorTypes: [socket] });
await Promise.race([ended, stopped]);
