/** What a document needs and the server does not have: kinds of nodes, and files. */

import { REROUTE, subgraphOf, type Document, type SheetId } from "./document";
import { inputsOf } from "./growing";
import { specOf, type Specs } from "./specs";
import { sheetsOf } from "./uses";

export interface MissingKind {
  readonly kind: string;
  readonly nodes: readonly { readonly sheet: SheetId; readonly id: string }[];
  /** Kinds that are called nearly so. */
  readonly nearest: readonly string[];
}

export interface MissingFile {
  readonly folder: string;
  readonly name: string;
  readonly inputs: readonly { readonly sheet: SheetId; readonly id: string; readonly input: string }[];
  readonly nearest: readonly string[];
}

export interface Missing {
  readonly kinds: readonly MissingKind[];
  readonly files: readonly MissingFile[];
}

type Files = Readonly<Record<string, readonly string[]>>;

/** The kinds and the files that are not there, each with those that are called nearly so. Folders of which nothing is known are skipped. */
export function missing(document: Document, specs: Specs, files: Files): Missing {
  const kinds = new Map<string, { sheet: SheetId; id: string }[]>();
  const absent = new Map<string, { folder: string; name: string; inputs: MissingFile["inputs"][number][] }>();
  const known = new Map(Object.entries(files).map(([folder, names]) => [folder, new Set(names)]));
  for (const [sheet, { nodes }] of sheetsOf(document))
    for (const [id, node] of Object.entries(nodes)) {
      const spec = specOf(document, specs, node.class_type);
      if (!spec) push(kinds, node.class_type, { sheet, id });
      for (const { name: input, widget } of spec ? inputsOf(spec, node.inputs) : []) {
        const name = node.inputs[input];
        if (widget?.kind !== "File" || typeof name !== "string" || isElsewhere(name)) continue;
        const there = known.get(widget.folder);
        if (!there || there.has(name) || name === "") continue;
        const key = `${widget.folder}\n${name}`;
        const found = absent.get(key) ?? { folder: widget.folder, name, inputs: [] };
        found.inputs.push({ sheet, id, input });
        absent.set(key, found);
      }
    }
  return {
    kinds: [...kinds].map(([kind, nodes]) => ({ kind, nodes, nearest: nearestKinds(specs, kind) })),
    files: [...absent.values()].map((one) => ({
      ...one,
      nearest: nearest(one.name, known.get(one.folder) ?? []),
    })),
  };
}

// Those of the names that are spelled most like it, the nearest first; none that are quite different.
function nearest(name: string, names: Iterable<string>, most = 3): readonly string[] {
  const wanted = pairsOf(name);
  return [...names]
    .map((one) => ({ one, alike: likeness(wanted, pairsOf(one)) }))
    .filter(({ alike }) => alike >= 0.4)
    .sort((a, b) => b.alike - a.alike)
    .slice(0, most)
    .map(({ one }) => one);
}

function nearestKinds(specs: Specs, kind: string): readonly string[] {
  return subgraphOf(kind) === null && kind !== REROUTE ? nearest(kind, specs.keys()) : [];
}

// "name.png [output]" lies in another folder than the widget's own.
function isElsewhere(name: string): boolean {
  return /\[(input|output|temp)\]$/.test(name);
}

function pairsOf(text: string): ReadonlySet<string> {
  const plain = ` ${text
    .toLowerCase()
    .replace(/\.[a-z0-9]+$/, "")
    .replace(/[^a-z0-9]+/g, " ")} `;
  return new Set(Array.from({ length: plain.length - 1 }, (_, at) => plain.slice(at, at + 2)));
}

function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let shared = 0;
  for (const pair of one) if (other.has(pair)) shared += 1;
  return (2 * shared) / (one.size + other.size);
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}
