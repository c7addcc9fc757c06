import "./search.css";

import { Combobox, ComboboxItem, ComboboxList, ComboboxProvider } from "@ariakit/react";
import { useMemo, useState } from "react";

import { kindsFor } from "../graph/add";
import { candidates } from "../graph/connect";
import { portText } from "../graph/ports";
import { search, type Found } from "../graph/search";
import type { NodeSpec } from "../graph/specs";
import { useCanvas, type Adding } from "../state/canvas";
import { addChosen, recentKinds } from "./adding";
import { typeStyle } from "./colors";
import { currentScene } from "./current";
import { portOfEnd } from "./ends";
import { Marked } from "./Marked";
import { SearchFrame } from "./SearchFrame";

const MOST = 120;

/** The search for a node to add: those that were used last stand first, each tells what it does. */
export default function AddNode({ adding }: { readonly adding: Adding }) {
  const [query, setQuery] = useState("");
  const [active, setActive] = useState<string | null | undefined>(undefined);
  const choices = useMemo(() => choicesFor(adding), [adding]);
  const sections = useMemo(() => sectionsOf(choices, query), [choices, query]);
  const found = sections.flatMap((section) => section.found);
  const shown = found.find(({ spec }) => itemId(spec) === active)?.spec ?? found[0]?.spec;
  const close = () => {
    useCanvas.setState({ adding: null });
  };
  return (
    <SearchFrame label="Add a node" page={adding.page} onClose={close}>
      <ComboboxProvider
        compositeElementInFocusOrder={false}
        focusLoop={false}
        inputValue={query}
        setInputValue={setQuery}
        activeId={shown ? itemId(shown) : null}
        setActiveId={setActive}
        open
      >
        <div className="search-main">
          <Combobox className="search-field" placeholder={hintFor(adding)} aria-label="Add a node" />
          <ComboboxList alwaysVisible className="search-list" aria-label="Kinds of nodes">
            {sections.map(({ title, found: those }) => (
              <section key={title} role="group" aria-label={title || undefined}>
                {title && (
                  <div className="search-section" aria-hidden>
                    {title}
                  </div>
                )}
                {those.map(({ spec, matched }) => (
                  <ComboboxItem
                    key={spec.id}
                    id={itemId(spec)}
                    className="search-item"
                    hideOnClick={false}
                    focusOnHover
                    onClick={() => {
                      close();
                      addChosen(adding, spec, choices.ports.get(spec.id) ?? null);
                    }}
                  >
                    <Marked text={spec.title} ranges={matched} />
                    <span className="search-from">{query ? categoryText(spec) : ""}</span>
                  </ComboboxItem>
                ))}
              </section>
            ))}
          </ComboboxList>
          {found.length === 0 && (
            <p className="search-none" role="status">
              {noneFor(adding, query)}
            </p>
          )}
        </div>
        {shown && <Help spec={shown} port={choices.ports.get(shown.id) ?? null} />}
      </ComboboxProvider>
    </SearchFrame>
  );
}

interface Choices {
  readonly specs: ReadonlyMap<string, NodeSpec>;
  readonly among: readonly string[];
  /** By kind, the name of the port that would be wired. */
  readonly ports: ReadonlyMap<string, string>;
  readonly filtered: boolean;
}

function choicesFor({ end }: Adding): Choices {
  const { document, specs, sheetId } = currentScene().source;
  const kinds = kindsFor(document, specs, sheetId);
  if (!end) return { specs: kinds, among: [...kinds.keys()], ports: new Map(), filtered: false };
  const fitting = candidates(document, specs, sheetId, end);
  return {
    specs: kinds,
    among: fitting.map(({ spec }) => spec.id),
    ports: new Map(fitting.map(({ spec, port }) => [spec.id, port])),
    filtered: true,
  };
}

interface SectionOfFound {
  readonly title: string;
  readonly found: readonly Found[];
}

// With no query the last used come first, then all by their categories; what fits a loose end stays in the order of fit.
function sectionsOf({ specs, among, filtered }: Choices, query: string): readonly SectionOfFound[] {
  const found = search(specs, query, among);
  if (query.trim() !== "") return [{ title: "", found: found.slice(0, MOST) }];
  const known = new Set(among);
  const recent = recentKinds().filter((id) => known.has(id));
  const last = search(specs, "", recent.slice(0, 6));
  const first = last.length > 0 ? [{ title: "Recent", found: last }] : [];
  if (filtered) return [...first, { title: "Fits", found: found.slice(0, MOST) }];
  const byCategory = new Map<string, Found[]>();
  for (const one of found) {
    const title = categoryText(one.spec);
    byCategory.set(title, [...(byCategory.get(title) ?? []), one]);
  }
  const sections = [...byCategory].map(([title, those]) => ({ title, found: those }));
  return [...first, ...sections.sort(byTitle)].map((section, place) =>
    place === 0 || first.length === 0
      ? section
      : { ...section, found: section.found.filter(({ spec }) => !recent.slice(0, 6).includes(spec.id)) },
  );
}

// What packs mark as unfinished, by an underscore, stands at the end.
function byTitle(one: SectionOfFound, other: SectionOfFound): number {
  const late = (section: SectionOfFound) => Number(section.found[0]?.spec.category.startsWith("_") ?? false);
  return late(one) - late(other) || one.title.localeCompare(other.title);
}

function categoryText({ category }: NodeSpec): string {
  const words = category.replace(/^_/, "").replaceAll("_", " ").replaceAll("/", " › ");
  return words === "" ? "other" : words;
}

function Help({ spec, port }: { readonly spec: NodeSpec; readonly port: string | null }) {
  return (
    <aside className="search-help" aria-live="polite">
      <h4>{spec.title}</h4>
      <p className="search-path">{categoryText(spec)}</p>
      {spec.help && <p>{spec.help}</p>}
      <dl>
        {spec.inputs.map((input) => (
          <Port key={`in ${input.name}`} side="in" {...input} wired={port === input.name} />
        ))}
        {spec.outputs.map((output) => (
          <Port key={`out ${output.name}`} side="out" {...output} wired={port === output.name} />
        ))}
      </dl>
    </aside>
  );
}

type PortProps = Pick<NodeSpec["inputs"][number], "name" | "port"> & {
  readonly side: "in" | "out";
  readonly wired: boolean;
};

function Port({ side, name, port, wired }: PortProps) {
  return (
    <div className="search-port" style={typeStyle(port)} data-wired={wired || undefined}>
      <dt>{side === "in" ? name : `→ ${name}`}</dt>
      <dd>{portText(port)}</dd>
    </div>
  );
}

function itemId(spec: NodeSpec): string {
  return `add-${spec.id}`;
}

function hintFor({ end }: Adding): string {
  if (!end) return "Add a node…";
  const type = portText(portOfEnd(currentScene(), end));
  return "from" in end ? `What takes ${type}?` : `What gives ${type}?`;
}

function noneFor({ end }: Adding, query: string): string {
  return end ? `Nothing that fits is called “${query}”.` : `No node is called “${query}”.`;
}
