import { useShallow } from "zustand/react/shallow";

import { own } from "../graph/own";
import { useServer, type Problem } from "../state/server";
import type { NodeContent } from "./model";
import { problemsOf } from "./problems";

/** What is wrong with a node, known before a run or from its last one. */
export function useProblems(flat: string): readonly Problem[] {
  return useServer(useShallow((server) => problemsOf(server.problems, flat)));
}

export interface NodeStateProps {
  readonly content: NodeContent;
  readonly problems: readonly Problem[];
  readonly chosen: boolean;
  readonly failed: boolean;
}

/** What a screen reader hears of a node beside its title, and what is wrong with all of it. */
export function NodeState({ content, problems, chosen, failed }: NodeStateProps) {
  const { flat, node, id } = content;
  const state = useServer((server) => own(server.progress, flat)?.state);
  const failure = useServer((server) => (server.failure?.node === flat ? server.failure.message : null));
  const words = [
    chosen && "chosen",
    failed ? "failed" : state,
    node._meta?.mode === "mute" && "muted",
    node._meta?.mode === "bypass" && "bypassed",
    node._meta?.collapsed && "collapsed",
    node._meta?.pinned && "pinned",
    ...problems.map((problem) => problem.message),
  ];
  const whole = failure ?? problems.find((problem) => problem.input === null)?.message;
  return (
    <>
      <span id={stateId(id)} className="unseen">
        {words.filter(Boolean).join(", ")}
      </span>
      {whole && <p className="node-whole">{whole}</p>}
    </>
  );
}

/** The id of the element that tells a node's state. */
export function stateId(id: string): string {
  return `node-state-${id}`;
}
