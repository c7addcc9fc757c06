import { useEffect, useState } from "react";

import type { Document } from "../graph/document";
import { documentOf } from "./documents";

/** The document of a run: undefined while it is asked for, null where nobody has it any more. */
export function useDocument(run: string | null): Document | null | undefined {
  const [found, setFound] = useState<{ run: string; document: Document | null } | null>(null);
  useEffect(() => {
    if (run === null) return;
    let wanted = true;
    void documentOf(run).then((document) => {
      if (wanted) setFound({ run, document });
    });
    return () => {
      wanted = false;
    };
  }, [run]);
  if (run === null) return null;
  return found?.run === run ? found.document : undefined;
}
