import { describe, expect, it } from "vitest";
import { Questions } from "../../../src/service/control/questions.ts";
import type { FromHolder } from "../../../src/service/control/wire.ts";

const question = { kind: "scanned", userId: "@alice:example.org" } as const;

function questions() {
  const said: FromHolder[] = [];
  return { said, questions: new Questions(async (message) => void said.push(message)) };
}

describe("the holder's questions", () => {
  it("an answer counts for the question that it was given to, and for no later one", async () => {
    const { questions: asked, said } = questions();
    const first = new AbortController();
    const withdrawn = asked.ask(question, first.signal);
    first.abort(new Error("it has moved on"));
    await expect(withdrawn).rejects.toThrow("it has moved on");
    const second = asked.ask(question, new AbortController().signal);
    asked.answered({ id: 1, text: "yes" }); // the person was as fast as the other side
    asked.answered({ id: 2, text: "no" });
    asked.answered({ id: 2, text: "yes" });
    expect(await second).toBe("no");
    expect(said).toEqual([{ ask: { id: 1, question } }, { ask: { id: 1 } }, { ask: { id: 2, question } }]);
  });

  it("what is no text is no answer", () => {
    const { questions: asked } = questions();
    expect(() => asked.answered({ id: 1, text: true as never })).toThrow("no text");
  });

  it("nothing is asked of who has gone", async () => {
    const { questions: asked, said } = questions();
    await expect(asked.ask(question, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    expect(said).toEqual([]);
  });
});
