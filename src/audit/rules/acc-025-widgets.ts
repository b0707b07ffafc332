import { policyFor } from "../../model/policy.ts";
import { curlWholeState } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const widgets = defineRule({
  id: "SOTTO-ACC-025",
  title: "The room has no widgets",
  severity: "medium",
  rationale:
    "A widget is somebody's page inside the client: it learns who is there and from where, and may ask to read what is decrypted.",
  how: `${curlWholeState}: m.widget and im.vector.modular.widgets whose content is not empty`,
  cure: "send the widget's state event again with the content {}, or accept widgets in the policy (rooms.widgets)",
  references: [
    "https://github.com/matrix-org/matrix-spec-proposals/pull/1236",
    "https://github.com/matrix-org/matrix-spec-proposals/pull/2762",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check(state, { policy }, { roomId }) {
    if (state.widgets.length === 0 || policyFor(policy, roomId).widgets) return [];
    const shown = state.widgets.map(
      ({ name, type, url, stateKey, sender }) => `${name ?? type ?? url ?? stateKey} (by ${sender})`,
    );
    const keys = state.widgets.map(({ stateKey }) => `"${stateKey}"`);
    return [
      {
        result: "fail",
        message: `the room shows pages of others in the client: ${named(shown)}`,
        cure: `send m.widget and im.vector.modular.widgets with the content {} and the state key ${named(keys, 20)}, or accept widgets in the policy (rooms.widgets)`,
      },
    ];
  },
});
