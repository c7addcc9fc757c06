import "./panels.css";

import { useEffect, useMemo, useState } from "react";

import { withSheet, sheetAt, type Document, type GraphNode, type SheetId } from "../graph/document";
import { diff, isEmpty, type NodeChange, type ValueChange } from "../graph/diff";
import { setInput } from "../graph/edit";
import { describe, titleOf } from "../graph/titles";
import { documentOf } from "../run/documents";
import { goToSheet } from "../shell/going";
import { useServer } from "../state/server";
import { activeTab, currentDocument, edit, useTabs } from "../state/tabs";

const SAVED = "saved";

/** What differs between the graph that is shown and another: as it was saved, a run, or another tab. */
export function DiffPanel() {
  const [other, setOther] = useState(SAVED);
  const now = useTabs(currentDocument);
  const before = useOther(other);
  const told = useMemo(() => before && diff(before, now), [before, now]);
  return (
    <>
      <Others chosen={other} choose={setOther} />
      {!told && <p className="panel-wait">There is nothing to compare with.</p>}
      {told && isEmpty(told) && told.moved.length === 0 && <p className="panel-empty">No differences.</p>}
      {told && (
        <div className="diff">
          <Nodes title="Added" tone="good" nodes={told.added} here />
          <Nodes title="Removed" tone="bad" nodes={told.removed} />
          {told.changed.map((change) => (
            <Changed key={`${change.sheet ?? ""}/${change.id}`} change={change} />
          ))}
          {told.moved.length > 0 && (
            <p className="panel-hint">
              {told.moved.length === 1 ? "1 node looks" : `${String(told.moved.length)} nodes look`}{" "}
              different, which changes no result.
            </p>
          )}
        </div>
      )}
    </>
  );
}

function Others({ chosen, choose }: { readonly chosen: string; readonly choose: (other: string) => void }) {
  const tabs = useTabs((state) => state.tabs);
  const active = useTabs((state) => state.active);
  const runs = useServer((server) => server.runs);
  return (
    <label className="diff-other">
      Compared with
      <select
        className="field-input"
        value={chosen}
        onChange={(event) => {
          choose(event.target.value);
        }}
      >
        <option value={SAVED}>the graph as it was opened or saved</option>
        {tabs
          .filter((tab) => tab.id !== active)
          .map((tab) => (
            <option key={tab.id} value={`tab:${tab.id}`}>
              the tab {tab.name}
            </option>
          ))}
        {runs.slice(0, 50).map((run) => (
          <option key={run.id} value={`run:${run.id}`}>
            the run of {new Date(run.created * 1000).toLocaleTimeString()}
          </option>
        ))}
      </select>
    </label>
  );
}

function useOther(other: string): Document | null {
  const tab = useTabs((state) =>
    other === SAVED
      ? activeTab(state).saved
      : state.tabs.find((one) => `tab:${one.id}` === other)?.history.now.document,
  );
  const [run, setRun] = useState<{ readonly of: string; readonly document: Document | null } | null>(null);
  useEffect(() => {
    if (!other.startsWith("run:")) return;
    let gone = false;
    void documentOf(other.slice(4)).then((document) => {
      if (!gone) setRun({ of: other, document });
    });
    return () => {
      gone = true;
    };
  }, [other]);
  return tab ?? (run?.of === other ? run.document : null);
}

interface NodesProps {
  readonly title: string;
  readonly tone: "good" | "bad";
  readonly nodes: readonly { readonly sheet: SheetId; readonly id: string; readonly node: GraphNode }[];
  readonly here?: boolean;
}

function Nodes({ title, tone, nodes, here }: NodesProps) {
  if (nodes.length === 0) return null;
  return (
    <section className="diff-part" data-tone={tone}>
      <h3>{title}</h3>
      <ul className="rows">
        {nodes.map(({ sheet, id, node }) => (
          <li key={`${sheet ?? ""}/${id}`}>
            {here ? <Go sheet={sheet} id={id} node={node} /> : <Name node={node} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Changed({ change }: { readonly change: NodeChange }) {
  return (
    <section className="diff-part" data-tone="warn">
      <Go sheet={change.sheet} id={change.id} node={change.after} />
      <table>
        <thead>
          <tr>
            <th>Input</th>
            <th>Before</th>
            <th>Now</th>
          </tr>
        </thead>
        <tbody>
          {change.mode && (
            <tr>
              <th>mode</th>
              <td>{change.mode[0] ?? "runs"}</td>
              <td>{change.mode[1] ?? "runs"}</td>
            </tr>
          )}
          {change.values.map((value) => (
            <Value key={value.input} change={change} value={value} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Value({ change, value }: { readonly change: NodeChange; readonly value: ValueChange }) {
  return (
    <tr>
      <th>{value.input}</th>
      <td>
        <button
          type="button"
          className="diff-take"
          title={`Take this value back: ${describe(value.before, 400)}`}
          onClick={() => {
            edit(`Take ${value.input} back`, (document) => {
              const sheet = sheetAt(document, change.sheet);
              if (!sheet) return document;
              return withSheet(document, change.sheet, setInput(sheet, change.id, value.input, value.before));
            });
          }}
        >
          {describe(value.before)}
        </button>
      </td>
      <td title={describe(value.after, 400)}>{describe(value.after)}</td>
    </tr>
  );
}

interface GoProps {
  readonly sheet: SheetId;
  readonly id: string;
  readonly node: GraphNode;
}

function Go({ sheet, id, node }: GoProps) {
  return (
    <button
      type="button"
      className="diff-node"
      onClick={() => {
        goToSheet(sheet, id);
      }}
    >
      <Name node={node} />
    </button>
  );
}

function Name({ node }: { readonly node: GraphNode }) {
  const document = useTabs(currentDocument);
  const specs = useServer((server) => server.specs);
  return (
    <>
      {titleOf(document, specs, node)} <small>{node.class_type}</small>
    </>
  );
}
