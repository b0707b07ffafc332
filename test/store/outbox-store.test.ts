import { outboxStoreContract } from "../contract/outbox-store.ts";
import { openTestStore, storeOptions } from "../support/store.ts";

outboxStoreContract("SQLite", () => {
  const options = storeOptions();
  let last: ReturnType<typeof openTestStore> | undefined;
  return {
    async open() {
      last?.close();
      last = openTestStore(options);
      return last;
    },
  };
});
