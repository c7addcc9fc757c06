import "./shell.css";

import { useEffect } from "react";

import { useChrome } from "../state/chrome";

const SHOWN_MS = 6000;

/** What was last told to the user: seen for a while, and read out. */
export function Notice() {
  const notice = useChrome((chrome) => chrome.notice);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => {
      useChrome.setState((chrome) => (chrome.notice === notice ? { notice: null } : {}));
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [notice]);
  return (
    <div className="notice-place" role="status" aria-live="polite">
      {notice && (
        <p key={notice.at} className="notice" data-tone={notice.tone}>
          {notice.text}
        </p>
      )}
    </div>
  );
}
