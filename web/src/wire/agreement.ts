/**
 * The types written here agree with those that the server tells of itself: where they do not, this file is a type error.
 * `generated.ts` is made by `python main.py build-editor --script types`.
 */

import type { Literal } from "../graph/document";
import type { ReadDocument, Template } from "./files";
import type { components } from "./generated";
import type { Message } from "./messages";
import type {
  ForecastShape,
  NodesShape,
  PeekShape,
  ProblemShape,
  RunShape,
  TimelineShape,
  WholeRun,
} from "./shapes";

type Told = components["schemas"];
type Agrees<Server extends Editor, Editor> = [Server, Editor];

/** The same with `Literal` where the server tells no more than that it is JSON. */
type Filled<T> = unknown extends T ? Literal : T extends object ? { [Key in keyof T]: Filled<T[Key]> } : T;

export type Agreements = [
  Agrees<Filled<Told["NodesTold"]>, NodesShape>,
  Agrees<Told["Run"], Omit<RunShape, "picture">>,
  Agrees<Told["Artifact"], Omit<WholeRun["artifacts"][number], "folder">>,
  Agrees<Told["ProblemTold"], ProblemShape>,
  Agrees<Told["Foretold"], ForecastShape>,
  Agrees<Told["Peeked"], PeekShape>,
  Agrees<Told["Timeline"], TimelineShape>,
  Agrees<Told["Template"], Template>,
  Agrees<Told["DocumentRead"]["problems"], ReadDocument["problems"]>,
  Agrees<Extract<Told["Message"], { type: Message["type"] }>, Message>,
];
