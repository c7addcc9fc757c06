/** The user's choices: shown at once, kept in the browser for the next start and by the server for other browsers. */

import { CHOICES, useChrome, type Choices } from "../state/chrome";

const KEY = "weft.choices";

/** Change some choices. */
export function choose(changed: Partial<Choices>): void {
  const choices = { ...useChrome.getState().choices, ...changed };
  useChrome.setState({ choices });
  showLooks(choices);
  const text = JSON.stringify(choices);
  localStorage.setItem(KEY, text);
  void fetch("api/settings/Weft.Choices", {
    method: "POST",
    body: text,
    headers: { "Content-Type": "application/json" },
  }).catch(() => null); // the browser has them; the server is told with the next change
}

/** Take up the choices of the last time; where this browser has none, those that the server keeps. */
export async function recallChoices(): Promise<void> {
  const kept = localStorage.getItem(KEY);
  if (kept !== null) {
    take(kept);
    return;
  }
  showLooks(CHOICES);
  const answer = await fetch("api/settings/Weft.Choices").catch(() => null);
  if (answer?.ok) take(await answer.text());
}

function take(text: string): void {
  try {
    const told: unknown = JSON.parse(text);
    if (told === null || typeof told !== "object") return;
    const choices = { ...CHOICES, ...told };
    useChrome.setState({ choices });
    showLooks(choices);
  } catch {
    localStorage.removeItem(KEY); // not ours, or half written: the defaults hold
  }
}

function showLooks({ theme, motion }: Choices): void {
  const light = matchMedia("(prefers-color-scheme: light)").matches;
  const { dataset } = document.documentElement;
  dataset["theme"] = theme === "system" ? (light ? "light" : "dark") : theme;
  dataset["motion"] = motion;
}
