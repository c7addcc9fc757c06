/** Nodes with inputs that stand for others: which inputs one node has. The rules of `engine/graph/growing.py`. */

import type { InputValue } from "./document";
import type { InputSpec, NodeSpec } from "./specs";

type Given = Readonly<Record<string, InputValue>>;

/** The inputs of a node that is given these: `images.image0` in place of `images`. */
export function inputsOf(spec: NodeSpec, given: Given): readonly InputSpec[] {
  return spec.inputs.some((input) => input.grows)
    ? spec.inputs.flatMap((input) => grown(input, given))
    : spec.inputs;
}

function grown(input: InputSpec, given: Given): readonly InputSpec[] {
  const { grows } = input;
  switch (grows?.kind) {
    case undefined:
      return [input];
    case "Repeated":
      return grows.names.map((part, place) => ({
        ...grows.item,
        name: `${input.name}.${part}`,
        required: grows.item.required && place < grows.least,
      }));
    case "Chosen": {
      const chosen = given[input.name] ?? input.default;
      const inner =
        typeof chosen === "string" && Object.hasOwn(grows.options, chosen) ? grows.options[chosen] : [];
      return [choice(input, Object.keys(grows.options)), ...below(input, inner ?? [], given)];
    }
    case "Attached": {
      const attached = given[input.name] !== undefined && given[input.name] !== null;
      return [{ ...input, grows: null }, ...below(input, attached ? grows.inputs : [], given)];
    }
  }
}

function below(input: InputSpec, inner: readonly InputSpec[], given: Given): readonly InputSpec[] {
  return inner.flatMap((one) => grown({ ...one, name: `${input.name}.${one.name}` }, given));
}

function choice(input: InputSpec, options: readonly string[]): InputSpec {
  return {
    ...input,
    grows: null,
    type: "str",
    port: { kind: "named", name: "str", bases: [] },
    widget: { kind: "Choice", options },
  };
}
