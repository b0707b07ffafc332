import { readFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { CONTENT_TELLERS, TRAFFIC_TELLERS } from "../../src/audit/log-levels.ts";
import { startSynapse } from "../../synapse-dev/synapse.ts";

// That the table of loggers has those that tell: a real Synapse at DEBUG, and words that are looked for in its log.

const synapse = await startSynapse({
  liftRateLimits: true,
  logLevel: "DEBUG",
  config: { encryption_enabled_by_default_for_room_type: "off" },
});
afterAll(() => synapse.stop());

const WORDS = {
  password: "passwordXQ77",
  said: "saidXQ77",
  topic: "topicXQ77",
  search: "searchXQ77",
  toDevice: "todeviceXQ77",
  accountData: "accountdataXQ77",
  pushKey: "pushkeyXQ77",
};

it("names every logger that has written down what people said, searched or may not know", async () => {
  const { userId, accessToken } = await synapse.registerUser("alice", WORDS.password);
  const call = (method: string, path: string, body: object) =>
    synapse.request<{ room_id: string }>(method, `/_matrix/client/v3/${path}`, accessToken, body);
  const { room_id: roomId } = await call("POST", "createRoom", { topic: WORDS.topic });
  const room = encodeURIComponent(roomId);
  await call("PUT", `rooms/${room}/send/m.room.message/1`, { msgtype: "m.text", body: WORDS.said });
  await call("POST", "search", { search_categories: { room_events: { search_term: WORDS.search } } });
  await call("PUT", "sendToDevice/m.test/2", { messages: { [userId]: { "*": { x: WORDS.toDevice } } } });
  await call("PUT", `user/${encodeURIComponent(userId)}/account_data/x.y`, { x: WORDS.accountData });
  await call("POST", "pushers/set", {
    ...{ pushkey: WORDS.pushKey, kind: "http", app_id: "x", app_display_name: "x", lang: "en" },
    ...{ device_display_name: "x", data: { url: "https://127.0.0.1/_matrix/push/v1/notify" } },
  });
  await synapse.halt(); // its log is whole
  const tellers = [...CONTENT_TELLERS, ...TRAFFIC_TELLERS].map(({ logger }) => logger);
  const secrets = [...Object.values(WORDS), accessToken];
  const told = new Map<string, string>();
  let logger = "";
  for (const line of readFileSync(synapse.logFile, "utf8").split("\n")) {
    logger = /^\d{4}-\S+ \S+ [A-Z]+ (\S+) /.exec(line)?.[1] ?? logger;
    const word = secrets.find((secret) => line.includes(secret));
    if (word !== undefined) told.set(logger, word);
  }
  expect(told.size).toBeGreaterThan(3);
  const isNamed = (name: string) =>
    tellers.some((teller) => name === teller || name.startsWith(`${teller}.`));
  expect([...told].filter(([name]) => !isNamed(name))).toEqual([]);
});
