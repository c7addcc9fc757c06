import { useEffect, useState } from "react";

import { fileUrl } from "./format";
import { Picture } from "./NodePictures";
import type { Shot } from "./shots";

const TURN = 600; // milliseconds

interface BesideProps {
  readonly a: Shot;
  readonly b: Shot;
  readonly way: "slider" | "flicker" | "difference";
}

/** Two pictures in one place. */
export function Beside({ a, b, way }: BesideProps) {
  const [at, setAt] = useState(50);
  const turn = useTurns(way === "flicker");
  const over =
    way === "slider"
      ? { clipPath: `inset(0 0 0 ${at}%)` }
      : way === "flicker"
        ? { opacity: turn ? 1 : 0 }
        : { mixBlendMode: "difference" as const };
  return (
    <div className="beside" data-way={way}>
      <Picture url={fileUrl(a.file)} alt={`A: ${a.file.filename}`} />
      <span className="beside-over" style={over}>
        <Picture url={fileUrl(b.file)} alt={`B: ${b.file.filename}`} />
      </span>
      {way === "slider" && (
        <>
          <span className="beside-line" style={{ left: `${at}%` }} aria-hidden />
          <input
            type="range"
            min={0}
            max={100}
            value={at}
            aria-label="How much of A is shown"
            onChange={(event) => {
              setAt(Number(event.target.value));
            }}
          />
        </>
      )}
      {way !== "difference" && (
        <>
          {(way === "slider" || !turn) && <span className="beside-name">A</span>}
          {(way === "slider" || turn) && (
            <span className="beside-name" data-b>
              B
            </span>
          )}
        </>
      )}
    </div>
  );
}

function useTurns(on: boolean): boolean {
  const [turn, setTurn] = useState(false);
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => {
      setTurn((before) => !before);
    }, TURN);
    return () => {
      clearInterval(timer);
    };
  }, [on]);
  return turn;
}
