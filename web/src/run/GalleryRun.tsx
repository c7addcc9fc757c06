import { memo, useEffect, useRef, useState } from "react";

import type { Run } from "../state/server";
import { shotsOfRun } from "./artifacts";
import { fileUrl, mediaOf } from "./format";
import { Picture } from "./NodePictures";
import { openLightbox, sameShot, shotsOf, type Shot } from "./shots";
import { runName } from "./words";

interface GalleryRunProps {
  readonly run: Run;
  readonly runs: readonly Run[];
}

/** What one run has made: its first picture at once, the others when it comes into sight. */
export const GalleryRun = memo(function GalleryRun({ run, runs }: GalleryRunProps) {
  const place = useRef<HTMLLIElement>(null);
  const [shots, setShots] = useState<readonly Shot[]>(() => shotsOf([run]));
  useEffect(() => {
    if (!place.current || run.ended === null) return;
    let wanted = true;
    const watching = new IntersectionObserver(([seen]) => {
      if (!seen?.isIntersecting) return;
      watching.disconnect();
      void shotsOfRun(run.id).then((found) => {
        if (wanted && found.length > 0) setShots(found);
      });
    });
    watching.observe(place.current);
    return () => {
      wanted = false;
      watching.disconnect();
    };
  }, [run.id, run.ended]);
  return (
    <>
      {shots.map((shot, index) => (
        <li key={`${shot.file.subfolder}/${shot.file.filename}`} ref={index === 0 ? place : null}>
          <button
            type="button"
            className="gallery-one"
            aria-label={`${shot.file.filename}, ${runName(run)}`}
            title={`${shot.file.filename}\n${runName(run)}`}
            onClick={() => {
              const all = runs.flatMap((one) => (one.id === run.id ? shots : shotsOf([one])));
              openLightbox(
                all,
                all.findIndex((one) => sameShot(one, shot)),
              );
            }}
          >
            {mediaOf(shot.file) === "video" ? (
              <video src={fileUrl(shot.file)} muted preload="metadata" />
            ) : (
              <Picture url={fileUrl(shot.file, true)} alt="" />
            )}
          </button>
        </li>
      ))}
    </>
  );
});
