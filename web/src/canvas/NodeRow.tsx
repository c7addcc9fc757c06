import { memo } from "react";

import { isLink, type InputValue } from "../graph/document";
import { describe } from "../graph/titles";
import type { Problem } from "../state/server";
import { Field } from "../widgets/Field";
import { labelOf, type Row } from "./shape";
import { Socket } from "./Socket";

export interface NodeRowProps {
  readonly id: string;
  readonly flat: string;
  readonly row: Row;
  readonly value: InputValue | undefined;
  readonly problem: Problem | undefined;
  /** Whether a field is only written down, for want of room on the screen. */
  readonly plain: boolean;
}

/** A line of a node: an input, an output, or both; an input that a person can fill in has its field. */
export const NodeRow = memo(function NodeRow({ id, flat, row, value, problem, plain }: NodeRowProps) {
  const { input, output } = row;
  const linked = isLink(value);
  return (
    <div
      className="node-row"
      style={{ height: row.height }}
      data-kind={row.kind}
      data-wrong={problem ? true : undefined}
    >
      {input && (
        <Socket
          node={id}
          side="in"
          name={input.name}
          label={labelOf(input)}
          port={input.port}
          linked={linked}
          required={input.required && !input.widget}
          help={input.help}
        />
      )}
      {row.kind === "field" && input ? (
        plain ? (
          <PlainField label={labelOf(input)} value={value === undefined ? input.default : value} />
        ) : (
          <Field node={id} spec={input} value={value} flat={flat} problem={problem} />
        )
      ) : (
        <span className="node-label">
          {labelOf(input)}
          {input && !linked && value !== undefined && <b> {describe(value, 80)}</b>}
        </span>
      )}
      {output && (
        <>
          <span className="node-label node-label-out">{labelOf(output)}</span>
          <Socket
            node={id}
            side="out"
            name={output.name}
            label={labelOf(output)}
            port={output.port}
            linked
            help={output.help}
          />
        </>
      )}
      {problem && row.kind === "sockets" && (
        <p className="node-problem" title={problem.hint}>
          {problem.message}
        </p>
      )}
    </div>
  );
});

function PlainField({ label, value }: { readonly label: string; readonly value: InputValue }) {
  return (
    <span className="node-plain">
      {label} <b>{describe(value, 200)}</b>
    </span>
  );
}
