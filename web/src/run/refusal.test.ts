import { expect, test } from "vitest";

import { refusalOf } from "../wire/answer";
import { problemsIn, refusalText } from "./refusal";

const BODY = JSON.stringify({
  error: { type: "prompt_outputs_failed_validation", message: "Failed", details: "", extra_info: {} },
  node_errors: {
    "5:1": {
      errors: [
        {
          type: "required_input_missing",
          message: "Required input is missing",
          details: "model",
          extra_info: { input_name: "model" },
          problem: "MissingInput",
          describe: "input 'model' of node 5:1 has no MODEL.",
          hint: "Connect one.",
        },
        { type: "custom", message: "Too odd", details: "really", extra_info: {} },
      ],
    },
  },
});

test("each error stands on its node and its input, in Weft's words where it has some", () => {
  const { refusal } = refusalOf(400, BODY);
  expect(problemsIn(refusal)).toEqual([
    {
      node: "5:1",
      input: "model",
      message: "input 'model' of node 5:1 has no MODEL.",
      hint: "Connect one.",
      kind: "MissingInput",
    },
    { node: "5:1", input: null, message: "Too odd: really", hint: "", kind: "custom" },
  ]);
  expect(refusalText(refusal)).toBe("Not run: input 'model' of node 5:1 has no MODEL. (and 1 more)");
});

test("a refusal without errors of nodes says what the server said", () => {
  const { refusal } = refusalOf(
    507,
    '{"error": {"message": "The disk is full.", "extra_info": {"hint": "Make room."}}}',
  );
  expect(problemsIn(refusal)).toEqual([]);
  expect(refusalText(refusal)).toBe("Not run: The disk is full. Make room.");
});
