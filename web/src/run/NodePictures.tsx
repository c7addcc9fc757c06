import "./pictures.css";

import { File, Music } from "lucide-react";
import { memo, useState } from "react";

import { own } from "../graph/own";
import { useServer } from "../state/server";
import type { FileRef } from "../wire/shapes";
import { fileUrl, mediaOf } from "./format";
import { openLightbox } from "./shots";

const MOST = 9; // pictures in a node's grid; the lightbox has all

/** What a node has shown: a live preview, pictures, texts. It fills the box that the canvas gives it. */
export const NodePictures = memo(function NodePictures({ flat }: { readonly flat: string }) {
  const shown = useServer((server) => own(server.shown, flat));
  const preview = useServer((server) => own(server.previews, flat));
  const running = useServer((server) => own(server.progress, flat)?.state === "running");
  const run = useServer((server) => server.shownRun);
  const live = preview !== undefined && (running || !shown || shown.images.length === 0);
  if (live) return <Preview url={preview} running={running} />;
  if (!shown) return null;
  return (
    <div className="pictures nowheel" data-live={running || undefined}>
      {shown.images.length > 0 && <Grid images={shown.images} run={run} />}
      {shown.text.length > 0 && <Texts lines={shown.text} />}
    </div>
  );
});

function Preview({ url, running }: { readonly url: string; readonly running: boolean }) {
  return (
    <div className="pictures" data-live={running || undefined}>
      <Picture url={url} alt="Not finished yet" />
    </div>
  );
}

function Grid({ images, run }: { readonly images: readonly FileRef[]; readonly run: string | null }) {
  const some = images.slice(0, MOST);
  const columns = Math.ceil(Math.sqrt(some.length));
  return (
    <div className="pictures-grid" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {some.map((file, index) => (
        <Shown
          key={`${file.subfolder}/${file.filename}`}
          file={file}
          label={images.length === 1 ? file.filename : `${index + 1} of ${images.length}: ${file.filename}`}
          more={index === MOST - 1 ? images.length - MOST : 0}
          open={() => {
            const shots = images.map((one) => ({ file: one, run }));
            openLightbox(shots, index);
          }}
        />
      ))}
      {images.length > 1 && <span className="pictures-count">{images.length}</span>}
    </div>
  );
}

interface ShownProps {
  readonly file: FileRef;
  readonly label: string;
  readonly more: number;
  readonly open: () => void;
}

function Shown({ file, label, more, open }: ShownProps) {
  const media = mediaOf(file);
  if (media === "audio" || media === "other")
    return (
      <a className="pictures-file nodrag" href={fileUrl(file)} target="_blank" rel="noreferrer">
        {media === "audio" ? <Music size={14} aria-hidden /> : <File size={14} aria-hidden />}
        {file.filename}
      </a>
    );
  return (
    <button type="button" className="pictures-one nodrag" aria-label={`Look at ${label}`} onClick={open}>
      {media === "video" ? (
        <video src={fileUrl(file)} muted loop autoPlay playsInline />
      ) : (
        <Picture url={fileUrl(file)} alt={label} />
      )}
      {more > 0 && <span className="pictures-more">+{more}</span>}
    </button>
  );
}

const SMALL = 160; // pixels a side: what is smaller is shown with its pixels, not blurred

/** A picture that fills its box without being cut, and shows the pixels of small ones. */
export function Picture({ url, alt }: { readonly url: string; readonly alt: string }) {
  const [small, setSmall] = useState(false);
  const [gone, setGone] = useState<string | null>(null);
  if (gone === url) return <span className="pictures-gone">{alt} is not there any more</span>;
  return (
    <img
      src={url}
      alt={alt}
      draggable={false}
      decoding="sync" // a preview that follows another must not blink
      data-small={small || undefined}
      onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
        setSmall(Math.max(naturalWidth, naturalHeight) <= SMALL);
      }}
      onError={() => {
        setGone(url);
      }}
    />
  );
}

function Texts({ lines }: { readonly lines: readonly string[] }) {
  return (
    // A text may be long; whoever reads it with the keyboard must be able to scroll.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="pictures-text nodrag" tabIndex={0} aria-label="What the node says">
      {lines.join("\n")}
    </pre>
  );
}
