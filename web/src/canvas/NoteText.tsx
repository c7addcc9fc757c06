import Markdown from "markdown-to-jsx";

const OPTIONS = {
  disableParsingRawHTML: true,
  overrides: { a: { props: { target: "_blank", rel: "noreferrer noopener", className: "nodrag" } } },
} as const;

/** Markdown as elements; what looks like HTML stays text. */
export default function NoteText({ text }: { readonly text: string }) {
  return <Markdown options={OPTIONS}>{text}</Markdown>;
}
