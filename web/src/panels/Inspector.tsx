import "./panels.css";

import { ListPlus } from "lucide-react";
import Markdown from "markdown-to-jsx";

import { flatId, isLink, type Exposed, type GraphNode } from "../graph/document";
import { setMeta } from "../graph/edit";
import { specOf, type InputSpec, type NodeSpec } from "../graph/specs";
import { titleOf } from "../graph/titles";
import { WhyPanel } from "../run/WhyPanel";
import { useServer } from "../state/server";
import { activeTab, currentDocument, currentSheet, edit, editSheet, useTabs } from "../state/tabs";
import { Field } from "../widgets/Field";
import { NODE_COLORS } from "../theme/colors";

/** The node that is chosen: its name, colour, fields, help, and why it will run. */
export function Inspector() {
  const chosen = useTabs((tabs) => {
    const { selection } = activeTab(tabs);
    return selection.size === 1 ? ([...selection][0] ?? null) : null;
  });
  const node = useTabs((tabs) => (chosen === null ? undefined : currentSheet(tabs).nodes[chosen]));
  if (chosen === null || !node) {
    return <p className="panel-empty">Choose a node to see its fields, its help, and why it runs.</p>;
  }
  return <Chosen key={chosen} id={chosen} node={node} />;
}

function Chosen({ id, node }: { readonly id: string; readonly node: GraphNode }) {
  const document = useTabs(currentDocument);
  const specs = useServer((server) => server.specs);
  const instances = useTabs((tabs) => activeTab(tabs).entered);
  const spec = specOf(document, specs, node.class_type);
  const flat = flatId(
    instances.map((one) => one.instance),
    id,
  );
  return (
    <div className="inspector">
      <label className="inspector-row">
        <span>Name</span>
        <input
          className="field-input"
          value={node._meta?.title ?? ""}
          placeholder={spec?.title ?? node.class_type}
          onChange={(event) => {
            const title = event.target.value || undefined;
            editSheet("Rename a node", (sheet) => setMeta(sheet, id, { title }), `title-${id}`);
          }}
        />
      </label>
      <Colors id={id} chosen={node._meta?.color} />
      <p className="inspector-kind">
        {spec ? titleOf(document, specs, { ...node, _meta: {} }) : "Unknown node"}{" "}
        <code>{node.class_type}</code>
        {spec?.pack && <span> from {spec.pack}</span>}
      </p>
      <WhyPanel flat={flat} />
      {spec && <Fields id={id} flat={flat} node={node} spec={spec} />}
      {spec && <Help spec={spec} />}
    </div>
  );
}

function Colors({ id, chosen }: { readonly id: string; readonly chosen: string | undefined }) {
  return (
    <div className="swatches" role="radiogroup" aria-label="Colour">
      {[undefined, ...NODE_COLORS].map((color) => (
        <button
          key={color ?? "none"}
          type="button"
          role="radio"
          aria-checked={chosen === color}
          aria-label={color ?? "No colour"}
          title={color ?? "No colour"}
          className="swatch"
          data-color={color}
          onClick={() => {
            editSheet("Colour a node", (sheet) => setMeta(sheet, id, { color }));
          }}
        />
      ))}
    </div>
  );
}

interface FieldsProps {
  readonly id: string;
  readonly flat: string;
  readonly node: GraphNode;
  readonly spec: NodeSpec;
}

function Fields({ id, flat, node, spec }: FieldsProps) {
  const problems = useServer((server) => server.problems);
  const filled = spec.inputs.filter((input) => input.widget !== null && !isLink(node.inputs[input.name]));
  if (filled.length === 0) return null;
  return (
    <section aria-label="Fields" className="inspector-fields">
      {filled.map((input) => (
        <div key={input.name} className="form-row">
          <Field
            node={id}
            spec={input}
            value={node.inputs[input.name]}
            flat={flat}
            problem={problems.find((one) => one.node === flat && one.input === input.name)}
          />
          <FormSwitch node={flat} input={input.name} />
        </div>
      ))}
    </section>
  );
}

const NONE: readonly Exposed[] = [];

/** Whether the form of the graph shows the field. */
function FormSwitch({ node, input }: { readonly node: string; readonly input: string }) {
  const shown = useTabs((tabs) =>
    (currentDocument(tabs).exposed ?? NONE).some((one) => one.node === node && one.input === input),
  );
  const text = shown ? `Take ${input} out of the form` : `Show ${input} in the form`;
  return (
    <button
      type="button"
      className="row-side"
      aria-pressed={shown}
      aria-label={text}
      title={text}
      onClick={() => {
        edit(text, (document) => {
          const others = (document.exposed ?? NONE).filter((one) => one.node !== node || one.input !== input);
          return { ...document, exposed: shown ? others : [...others, { node, input }] };
        });
      }}
    >
      <ListPlus size={14} aria-hidden />
    </button>
  );
}

function Help({ spec }: { readonly spec: NodeSpec }) {
  return (
    <section aria-label="Help" className="inspector-help">
      <h3>Help</h3>
      <Text>{spec.help || "This node has no help."}</Text>
      <Ports title="Inputs" ports={spec.inputs} />
      <Ports title="Outputs" ports={spec.outputs} />
    </section>
  );
}

type PortHelp = Pick<InputSpec, "name" | "type" | "help">;

function Ports({ title, ports }: { readonly title: string; readonly ports: readonly PortHelp[] }) {
  if (ports.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <dl>
        {ports.map((port) => (
          <div key={port.name}>
            <dt>
              {port.name} <small>{port.type}</small>
            </dt>
            {port.help && (
              <dd>
                <Text>{port.help}</Text>
              </dd>
            )}
          </div>
        ))}
      </dl>
    </>
  );
}

function Text({ children }: { readonly children: string }) {
  return <Markdown options={{ disableParsingRawHTML: true, forceBlock: true }}>{children}</Markdown>;
}
