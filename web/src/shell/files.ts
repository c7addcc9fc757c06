/** Opening and saving. What cannot be saved stays where it was, and the user is told why. */

import { EMPTY, type Document } from "../graph/document";
import { call } from "../state/call";
import { say } from "../state/chrome";
import { activeTab, changeTab, openTab, useTabs, type Tab } from "../state/tabs";
import { exported, readFile, readTemplate, toDocument, writeFile, type ReadProblem } from "../wire/files";
import type { Refusal } from "../wire/answer";
import { download } from "./download";

/** Open a file of the user's; if it is open already, show its tab. */
export async function openFile(path: string): Promise<void> {
  const { tabs } = useTabs.getState();
  const open = tabs.find((tab) => tab.file === path);
  if (open) {
    useTabs.setState({ active: open.id });
    return;
  }
  const answer = await readFile(call, path);
  if (!answer.ok) tell(`${path} could not be opened`, answer.refusal);
  else await openFrom(answer.value as object, nameOf(path), { file: path });
}

/** Open one of the examples. */
export async function openTemplate(name: string, title: string): Promise<void> {
  const answer = await readTemplate(call, name);
  if (answer.ok) show(answer.value, title, {});
  else tell(`${title} could not be opened`, answer.refusal);
}

/** Open whatever holds a graph: a JSON file of any format, or a picture that Weft or ComfyUI made. */
export async function openFrom(from: Blob | object, name: string, rest: Partial<Tab> = {}): Promise<boolean> {
  const answer = await toDocument(call, from);
  if (!answer.ok) {
    tell(`${name} could not be opened`, answer.refusal);
    return false;
  }
  const { document, problems } = answer.value;
  show(document, typeof rest.file === "string" ? name : (document.title ?? name), rest);
  if (problems.length > 0) say(`${name} was opened, but ${textOf(problems)}`, "bad");
  return true;
}

/** Save the graph that is shown in its file, or under a new name if it has none. */
export async function save(): Promise<void> {
  const tab = activeTab();
  if (tab.file === null) await saveAs();
  else await keep(tab, tab.file, true);
}

/** Save it under a new name. */
export async function saveAs(): Promise<void> {
  const tab = activeTab();
  const name = window.prompt("Save as", tab.name === "Untitled" ? "My graph" : tab.name)?.trim();
  if (!name) return;
  const path = name.endsWith(".json") ? name : `${name}.json`;
  if ((await keep(tab, path, false)) === "taken" && window.confirm(`${path} is there already. Replace it?`))
    await keep(tab, path, true);
}

/** Download the graph as Weft's own file. */
export function downloadDocument(): void {
  const { name, history } = activeTab();
  download(JSON.stringify(history.now.document, null, 2), `${name}.json`);
}

/** Download it as ComfyUI's prompt or workflow. */
export async function downloadAs(to: "prompt" | "workflow"): Promise<void> {
  const { name, history } = activeTab();
  const answer = await exported(call, history.now.document, to);
  if (!answer.ok) {
    tell(`${name} could not be exported`, answer.refusal);
    return;
  }
  download(JSON.stringify(answer.value.graph, null, 2), `${name} (ComfyUI ${to}).json`);
  if (answer.value.problems.length > 0) say(`Exported, but ${textOf(answer.value.problems)}`, "bad");
}

function show(document: Document, name: string, rest: Partial<Tab>): void {
  const tab = activeTab();
  const untouched = tab.file === null && tab.history.now.document === EMPTY && tab.history.past.length === 0;
  openTab(document, name, rest);
  if (untouched) useTabs.setState((state) => ({ tabs: state.tabs.filter((one) => one !== tab) }));
}

async function keep(tab: Tab, path: string, over: boolean): Promise<"kept" | "taken" | "refused"> {
  const { document } = tab.history.now;
  const answer = await writeFile(call, path, document, over);
  if (answer.ok) {
    changeTab(() => ({ file: path, name: nameOf(path), saved: document }), tab.id);
    say(`Saved as ${path}`, "good");
    return "kept";
  }
  if (answer.refusal.status === 409) return "taken";
  tell(`${path} was not saved; the graph is as it was`, answer.refusal);
  return "refused";
}

function nameOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.json$/i, "");
}

function tell(what: string, { message, hint }: Refusal): void {
  say([what, message, hint].filter(Boolean).join(". "), "bad");
}

function textOf(problems: readonly ReadProblem[]): string {
  const [first] = problems;
  const text = first?.describe ?? first?.message ?? "something could not be read";
  return problems.length > 1 ? `${text} (and ${String(problems.length - 1)} more)` : text;
}
