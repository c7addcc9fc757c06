import Markdown from "markdown-to-jsx";

// The page asks nobody but its server: of a picture from elsewhere there is the way to it.
function Picture({ src = "", alt }: { readonly src?: string; readonly alt?: string }) {
  return (
    <a href={src} target="_blank" rel="noreferrer noopener" className="nodrag">
      {alt === undefined || alt === "" ? src : alt}
    </a>
  );
}

const OPTIONS = {
  disableParsingRawHTML: true,
  overrides: {
    a: { props: { target: "_blank", rel: "noreferrer noopener", className: "nodrag" } },
    img: Picture,
  },
} as const;

/** Markdown as elements; what looks like HTML stays text. */
export default function NoteText({ text }: { readonly text: string }) {
  return <Markdown options={OPTIONS}>{text}</Markdown>;
}
